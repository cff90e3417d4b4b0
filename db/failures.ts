// What a failed statement says of the database itself: away for a while, or held by somebody. Everything else is a mistake of
// the statement.

/** `away`: it cannot be reached, or cannot write. `busy`: what is wanted is held by another transaction, or both wanted it. */
export type DatabaseFailure = 'away' | 'busy';

/**
 * SQLSTATE codes by their meaning (PostgreSQL, appendix A): 08 connection exceptions; 53 insufficient resources, a full disk
 * (53100) and too many connections (53300) among them; 57P01–57P05 shutdown, crash, start-up, dropped, idle; 58030 I/O error;
 * 25006 a standby that takes no writes; 25P03 a transaction that stood still too long; 57014 a statement that took too long.
 */
const AWAY = /^(08...|53...|57P0[1-5]|57014|58030|25006|25P0[34])$/;
/** 55P03 lock not available in time; 40001 and 40P01: one of two had to give way. */
const BUSY = /^(55P03|40001|40P01)$/;

const NETWORK = /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** What pg and pg-pool say without any code. */
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after)/;

/** Looks through the causes of an error; null when it says nothing of the database. */
export function databaseFailure(error: unknown): DatabaseFailure | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const code = String((at as { code?: unknown }).code ?? '');
    if (BUSY.test(code)) return 'busy';
    if (AWAY.test(code) || NETWORK.test(code) || WORDS.test(at.message)) return 'away';
  }
  return null;
}

/** Two transactions wanted each other's rows and this one gave way: nothing of it was written, and it may be run again. */
export function gaveWay(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (/^(40001|40P01)$/.test(String((at as { code?: unknown }).code ?? ''))) return true;
  }
  return false;
}

/** The SQLSTATE within an error, or its other code; empty without one. */
export function sqlState(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return '';
}
