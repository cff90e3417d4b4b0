// Switches a machine: asks its guest to shut down, takes the power away, starts it again.

import { pause } from '../../disks/pause.ts';
import { faultError } from '../../model/fault.ts';
import { foreignText } from '../../model/foreign-text.ts';
import type { PowerAction, PowerResult } from '../../model/power.ts';
import { readObject } from './properties.ts';
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { pollDelay, TaskDeadline, waitForTask } from './tasks.ts';
import { POWER } from './vm-record.ts';
import type { ManagedObject } from './xml/markup.ts';
import { AnswerError, object, text } from './xml/xml-node.ts';

/** How the guest, or vSphere for it, says no to ShutdownGuest; InvalidState is the general one. */
const REFUSALS = [
  'ToolsUnavailable',
  'GuestOperationsFault',
  'GuestOperationsUnavailable',
  'OperationNotSupportedByGuest',
  'NotSupported',
  'InvalidState',
];
/** The machine is not as the call wants it, or not now: the next look decides. */
const PASSING = ['InvalidPowerState', 'TaskInProgress'];
/** Between two looks at a machine whose task takes long: it may be asking something. */
const LOOK_MS = 2_000;
/** Tools stop early in a shutdown that somebody else began: so much of the deadline, and no more, is waited for it. */
const DOUBT = { part: 0.1, mostMs: 15_000 };
const NO_TOOLS = 'VMware Tools is not running in the guest, so it cannot be asked to shut down.';

type Power = PowerResult['power'];

interface Seen {
  power: Power;
  /** The guest is on its way down. */
  goingDown: boolean;
  /** The guest says itself that it runs. */
  running: boolean;
  /** What vSphere wants to know before it goes on. */
  question: string | null;
}

interface Patience {
  signal: AbortSignal;
  deadlineSeconds: number;
  /** Milliseconds of the epoch. */
  until: number;
}

/** Brings the machine to where the action wants it, or says why it is not there at the deadline. */
export async function setPower(
  session: VimSession,
  vmId: string,
  action: PowerAction,
  options: { deadlineSeconds: number },
  signal: AbortSignal,
): Promise<PowerResult> {
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const { deadlineSeconds } = options;
  const patience: Patience = { signal, deadlineSeconds, until: Date.now() + deadlineSeconds * 1000 };
  if (action === 'shut-down') return shutDown(session, vm, patience);
  return action === 'power-off'
    ? switchTo(session, vm, { power: 'off', method: 'PowerOffVM_Task', words: 'powered off' }, patience)
    : switchTo(session, vm, { power: 'on', method: 'PowerOnVM_Task', words: 'powered on' }, patience);
}

async function shutDown(session: VimSession, vm: ManagedObject, patience: Patience): Promise<PowerResult> {
  const { signal, deadlineSeconds, until } = patience;
  let asked = false;
  let refusal: { note: string; until: number } | null = null;
  for (let look = 0; ; look += 1) {
    const seen = await readPower(session, vm, signal);
    if (seen.power === 'off') return { power: 'off', note: null };
    if (seen.power === 'suspended') {
      return { power: 'suspended', note: 'The server is suspended, so its guest cannot be asked to shut down.' };
    }
    if (refusal && !seen.goingDown && Date.now() >= refusal.until) return { power: 'on', note: refusal.note };
    if (Date.now() >= until) {
      return { power: 'on', note: `The guest did not shut down within ${inWords(deadlineSeconds)}.${asking(seen)}` };
    }
    if (!asked && !refusal) {
      try {
        await session.make(vm, 'ShutdownGuest', [], signal);
        asked = true;
      } catch (error) {
        if (!(error instanceof VimFault)) throw error;
        if (REFUSALS.includes(error.type)) {
          const doubtMs = Math.min(DOUBT.mostMs, deadlineSeconds * 1000 * DOUBT.part);
          refusal = { note: inWordsOf(error), until: Math.min(until, Date.now() + doubtMs) };
        } else if (!PASSING.includes(error.type)) throw error;
      }
    }
    await rest(look, refusal && !seen.goingDown ? refusal.until : until, signal);
  }
}

async function switchTo(
  session: VimSession,
  vm: ManagedObject,
  wanted: { power: Power; method: string; words: string },
  { signal, deadlineSeconds, until }: Patience,
): Promise<PowerResult> {
  let task: ManagedObject | null = null;
  let inTheWay: VimFault | null = null;
  // A guest that was asked to shut down a moment ago is still on, and its tools may be gone: it is on when it says so.
  const doubtUntil = Date.now() + Math.min(DOUBT.mostMs, deadlineSeconds * 1000 * DOUBT.part);
  for (let look = 0; ; look += 1) {
    const seen = await readPower(session, vm, signal);
    const falling = wanted.power === 'on' && !task && (seen.goingDown || (!seen.running && Date.now() < doubtUntil));
    if (seen.power === wanted.power && !falling) return { power: seen.power, note: null };
    if (seen.power === wanted.power) {
      if (Date.now() >= until) return { power: seen.power, note: 'The guest is still on its way down.' };
      await rest(look, seen.goingDown ? until : Math.min(until, doubtUntil), signal);
      continue;
    }
    // Nobody here can answer it, and the task waits until somebody does.
    if ((task || inTheWay) && seen.question !== null) {
      return { power: seen.power, note: `The server was not ${wanted.words}.${asking(seen)}` };
    }
    if (seen.power === 'suspended' && inTheWay?.type === 'InvalidPowerState') {
      return { power: 'suspended', note: `The server is suspended. vSphere says: ${inTheWay.message}` };
    }
    if (Date.now() >= until) {
      const because = inTheWay ? ` vSphere says: ${inTheWay.message}` : '';
      const note = `The server was not ${wanted.words} within ${inWords(deadlineSeconds)}.${because}`;
      return { power: seen.power, note: foreignText(note) };
    }
    try {
      if (!task) {
        task = object(await session.make(vm, wanted.method, [], signal), 'returnval');
        if (!task) throw new AnswerError(`${wanted.method} gave no task`);
      }
      inTheWay = null;
      await waitForTask(session, task, { signal, deadlineMs: Math.max(1, Math.min(LOOK_MS, until - Date.now())) });
    } catch (error) {
      if (error instanceof VimFault && PASSING.includes(error.type)) {
        inTheWay = error;
        task = null;
      } else if (!(error instanceof TaskDeadline)) throw error;
    }
    await rest(look, until, signal);
  }
}

async function readPower(session: VimSession, vm: ManagedObject, signal: AbortSignal): Promise<Seen> {
  const paths = ['runtime.powerState', 'runtime.question', 'guest.guestState'];
  const { properties } = await readObject(session, vm, paths, signal);
  const power = POWER[properties.get('runtime.powerState')?.text ?? ''];
  // Nothing may be concluded from what cannot be read.
  if (!power) throw faultError('vcenter-fault', { message: 'vCenter does not tell whether the server is on.' });
  return {
    power,
    goingDown: properties.get('guest.guestState')?.text === 'shuttingDown',
    running: properties.get('guest.guestState')?.text === 'running',
    question: text(properties.get('runtime.question'), 'text') || null,
  };
}

/** Until the next look, no longer than to the end. */
function rest(look: number, until: number, signal: AbortSignal): Promise<void> {
  return pause(Math.max(1, Math.min(pollDelay(look), until - Date.now())), signal);
}

function asking({ question }: Seen): string {
  return question === null ? '' : ` vSphere waits for an answer: “${foreignText(question, 500)}” Answer it in vCenter.`;
}

function inWordsOf({ type, message }: VimFault): string {
  const said = `vSphere says: ${message || type}`;
  const note = type === 'ToolsUnavailable' ? `${NO_TOOLS} ${said}` : `The guest cannot be asked to shut down. ${said}`;
  return foreignText(note);
}

function inWords(seconds: number): string {
  return seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
