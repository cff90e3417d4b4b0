// Which answers of the console end this process, and which only its session.
import { FaultError } from '../replication/model/fault.ts';

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof FaultError && codes.includes(error.fault.code);
}

/** Another process of the same connector is at work. */
export function isSuperseded(error: unknown): boolean {
  return hasCode(error, 'connector-superseded');
}

/** The console was brought back to an earlier state, in which this session had not begun. */
export function isSessionUnknown(error: unknown): boolean {
  return hasCode(error, 'connector-session-unknown');
}

/** Going on would help nobody: the token is refused, or a newer process does the work. */
export function isFinal(error: unknown): boolean {
  return isSuperseded(error) || hasCode(error, 'connector-refused');
}
