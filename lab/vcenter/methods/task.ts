// Tasks: CancelTask.
import { type Methods, sessionOf } from './method.ts';

export const taskMethods: Methods = {
  CancelTask: {
    on: 'Task',
    // As the reference of the API has it, also for one's own tasks.
    privilege: 'Global.CancelTask',
    handle: (call) => {
      call.center.tasks.cancel(call.self.value, sessionOf(call).user);
      return undefined;
    },
  },
};
