// What will happen when a cutover is started, as sentences. Pure.
import type { CutoverOptions } from '../../../replication/model/cutover.ts';

export function startWhat(server: string, options: Pick<CutoverOptions, 'touchSource' | 'shutdownMinutes'>): string[] {
  return [
    options.touchSource
      ? `${server} is shut down, and with it its service goes down. If it is not off after ${options.shutdownMinutes} min, you are asked.`
      : `You are asked to stop ${server} and to say so; Landfall does not touch it. From then on its service is down.`,
    'What has changed is copied, and an instance is launched from the final AMI and checked.',
    'You are asked before the instance takes over. Until you finish, you can roll back.',
    'No other run of the replication job starts in the meantime.',
  ];
}
