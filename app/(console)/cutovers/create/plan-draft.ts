// What a person has chosen for a cutover, and its rules. Pure.
import { type CutoverOptions, cutoverOptionsSchema } from '../../../../replication/model/cutover.ts';
import { chosenTime } from '../../../_forms/chosen-time.ts';
import { issueText } from '../../../_forms/issue-text.ts';
import { wholeNumber } from '../../../_forms/whole-number.ts';

export interface PlanDraft {
  touchSource: boolean;
  shutdownMinutes: string;
  checkMinutes: string;
  consoleText: string;
  tcpPort: string;
  tcpHost: string;
  start: 'now' | 'later' | 'by-hand';
  date: string;
  time: string;
}

export const NEW_PLAN: PlanDraft = {
  touchSource: true,
  shutdownMinutes: '10',
  checkMinutes: '20',
  consoleText: '',
  tcpPort: '',
  tcpHost: '',
  start: 'now',
  date: '',
  time: '',
};

/** Whether anything was chosen that would be lost. */
export function isChanged(draft: PlanDraft): boolean {
  return Object.entries(NEW_PLAN).some(([field, value]) => draft[field as keyof PlanDraft] !== value);
}

export type PlanProblems = Partial<
  Record<'shutdownMinutes' | 'checkMinutes' | 'consoleText' | 'tcpPort' | 'tcpHost' | 'date' | 'time', string>
>;

export interface Plan {
  /** As the server takes it: null for when a person starts it. */
  start: 'now' | Date | null;
  options: CutoverOptions;
}

/** The plan as the server takes it, or what is wrong with each field. Fields that are not shown count as empty. */
export function planOf(
  draft: PlanDraft,
  zone: string,
  now: Date,
): { plan: Plan; problems?: never } | { plan?: never; problems: PlanProblems } {
  const chosen = draft.start === 'later' ? chosenTime(draft, zone, now) : { at: null, problems: {} };
  const problems: PlanProblems = { ...chosen.problems };
  const port = draft.tcpPort.trim();
  const host = draft.tcpHost.trim();
  if (host && !port) problems.tcpPort = 'A host needs a port.';
  const parsed = cutoverOptionsSchema.safeParse({
    touchSource: draft.touchSource,
    ...(draft.touchSource ? { shutdownMinutes: wholeNumber(draft.shutdownMinutes) } : {}),
    checkMinutes: wholeNumber(draft.checkMinutes),
    consoleText: draft.consoleText.trim() || null,
    tcp: port ? { port: wholeNumber(port), host: host || null } : null,
  });
  for (const issue of parsed.error?.issues ?? []) {
    const field = fieldOf(issue.path);
    problems[field] ??= issueText(issue);
  }
  if (!parsed.success || Object.keys(problems).length > 0) return { problems };
  const start = draft.start === 'now' ? 'now' : draft.start === 'later' ? chosen.at : null;
  return { plan: { start, options: parsed.data } };
}

function fieldOf(path: readonly PropertyKey[]): keyof PlanProblems {
  if (path[0] === 'tcp') return path[1] === 'host' ? 'tcpHost' : 'tcpPort';
  return String(path[0]) as keyof PlanProblems;
}
