// What the front door of the lab's AWS knows of a request beside what it tells the service.
import type { FaultRules } from '../faults/rules.ts';
import type { Principal } from './iam/decide.ts';
import type { AwsRequest } from './service.ts';

/** How a stream of this request or its response is to be slowed down or broken off. */
export interface StreamFaults {
  bytesPerSecond?: number;
  delayMsPerChunk?: number;
  cutAfterBytes?: number;
}

export interface RequestState {
  principal: Principal;
  /** What `aws:SecureTransport` says. */
  secureTransport: boolean;
  faults: FaultRules;
  stream: StreamFaults;
  /** Set by the service through `applyFaults`. */
  operation?: string;
  attributes: Record<string, string>;
  onOperation(): void;
  /** Closes the client's socket without an answer. */
  hangUp(): void;
}

const states = new WeakMap<AwsRequest, RequestState>();

export function attachState(request: AwsRequest, state: RequestState): void {
  states.set(request, state);
}

/** Undefined for a request that did not come through the front door (a service called directly by a test). */
export function stateOf(request: AwsRequest): RequestState | undefined {
  return states.get(request);
}
