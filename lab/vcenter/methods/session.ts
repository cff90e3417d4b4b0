// Service content, login, logout, time.
import { serviceContent } from '../inventory/service.ts';
import { userSession } from '../sessions.ts';
import { textOf, textsOf } from '../soap/element.ts';
import { VimFault } from '../soap/fault.ts';
import { time } from '../soap/value.ts';
import { type Methods, sessionOf } from './method.ts';

export const sessionMethods: Methods = {
  RetrieveServiceContent: { on: 'ServiceInstance', open: true, handle: ({ center }) => serviceContent(center) },
  CurrentTime: { on: 'ServiceInstance', privilege: 'System.View', handle: () => time(Date.now()) },
  Login: {
    on: 'SessionManager',
    open: true,
    handle: (call) => {
      const { center, args } = call;
      if (textOf(args, 'userName') !== center.settings.user || textOf(args, 'password') !== center.settings.password) {
        throw new VimFault('InvalidLogin', 'Cannot complete login due to an incorrect user name or password.');
      }
      if (call.session) throw new VimFault('InvalidRequest', 'The session is already logged in.');
      const session = center.sessions.open(center.settings.user, call.address, call.userAgent);
      call.setCookie(session.key);
      return userSession(session);
    },
  },
  Logout: {
    on: 'SessionManager',
    handle: (call) => {
      call.center.sessions.end(sessionOf(call).key);
      call.setCookie(undefined);
      return undefined;
    },
  },
  SessionIsActive: {
    on: 'SessionManager',
    privilege: 'Sessions.ValidateSession',
    handle: ({ center, args }) => {
      const session = center.sessions.peek(textOf(args, 'sessionID') ?? '');
      return session !== undefined && session.user === textOf(args, 'userName');
    },
  },
  TerminateSession: {
    on: 'SessionManager',
    privilege: 'Sessions.TerminateSession',
    handle: ({ center, args }) => {
      for (const key of textsOf(args, 'sessionId')) {
        if (!center.sessions.peek(key)) throw new VimFault('NotFound', `There is no session ${key}`);
        center.sessions.end(key);
      }
      return undefined;
    },
  },
};
