// Faults as data: what the lab shall do wrong, to which operation, how often.
import { randomUUID } from 'node:crypto';

/** What happens to a request that a rule catches. */
export type FaultEffect =
  /** Answer with the platform's error of this code (`NoPermission`, `SlowDown`, `InvalidSnapshot.NotFound`…). */
  | { kind: 'fail'; code: string; message?: string; status?: number }
  /** Wait before the ordinary answer, or before each chunk of a stream. */
  | { kind: 'delay'; ms: number }
  /** Serve or take the stream at this many bytes a second. */
  | { kind: 'rate'; bytesPerSecond: number }
  /** Close the socket after this many bytes of the response (0 = at once). */
  | { kind: 'cut'; afterBytes: number }
  /** Answer as ever, with other text where this regular expression finds some: a value as some vCenter gives it. */
  | { kind: 'rewrite'; find: string; replace: string }
  /** Never answer; the socket stays open until the client gives up. */
  | { kind: 'hang' };

export interface FaultRule {
  id: string;
  side: 'vcenter' | 'aws';
  /** `ExportSnapshot`, `nfc:GET`, `s3:UploadPart`, `ec2:ImportSnapshot`, `ebs:PutSnapshotBlock`…; `*` is any. */
  operation: string;
  /** Every given attribute must be equal for the rule to catch (`{ vm: 'vm-101' }`, `{ key: '…' }`); `*` stands for anything. */
  match?: Record<string, string>;
  /** Let this many matching requests pass first. */
  skip?: number;
  /** Catch this many, then the rule is spent; without it the rule holds until it is removed. */
  count?: number;
  effect: FaultEffect;
}

export class FaultRules {
  #rules: FaultRule[] = [];

  /** Adds a rule; the id is made up when none is given. */
  add(rule: Omit<FaultRule, 'id'> & { id?: string }): FaultRule {
    const added = { ...rule, id: rule.id ?? randomUUID() };
    this.#rules.push(added);
    return added;
  }

  remove(id: string): boolean {
    const before = this.#rules.length;
    this.#rules = this.#rules.filter((rule) => rule.id !== id);
    return this.#rules.length < before;
  }

  clear(): void {
    this.#rules = [];
  }

  list(): readonly FaultRule[] {
    return this.#rules;
  }

  /** The effects that fall on this request, in the order of the rules; counts them down. */
  take(side: FaultRule['side'], operation: string, attributes: Record<string, string> = {}): FaultEffect[] {
    const effects: FaultEffect[] = [];
    for (const rule of [...this.#rules]) {
      if (rule.side !== side || (rule.operation !== '*' && rule.operation !== operation)) continue;
      if (Object.entries(rule.match ?? {}).some(([name, value]) => !isLike(attributes[name], value))) continue;
      if (rule.skip) {
        rule.skip -= 1;
        continue;
      }
      if (rule.count !== undefined) {
        rule.count -= 1;
        if (rule.count <= 0) this.remove(rule.id);
      }
      effects.push(rule.effect);
    }
    return effects;
  }
}

function isLike(value: string | undefined, wanted: string): boolean {
  if (value === undefined || !wanted.includes('*')) return value === wanted;
  const parts = wanted.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}
