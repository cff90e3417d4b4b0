// What a verb is given when a member calls.
import { database } from '../../../db/client.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { now } from '../../clock.ts';
import type { ServiceContext } from '../context.ts';

export function memberContext(principal: MemberPrincipal): ServiceContext & { principal: MemberPrincipal } {
  return { db: database(), principal, now };
}
