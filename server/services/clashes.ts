// What happens when two write the same at the same moment: two people, two tabs, a request sent again, a person and the
// scheduler. The loser's transaction is run once more, now sees what the winner wrote, and answers as if it had come
// second. What still cannot be goes out in words.
import { setTimeout as pause } from 'node:timers/promises';
import { gaveWay } from '../../db/failures.ts';
import { type FaultError, faultError } from '../../replication/model/fault.ts';

/** SQLSTATE unique_violation. */
const UNIQUE = '23505';
const TRIES = 5;
const PAUSE_MS = 30;

/**
 * What a person is told, by the name of the unique index. Every one of the schema stands here, but for keys that are ids
 * of our own making (clashes.test.ts compares).
 */
export const CLASH_WORDS: Record<string, { message: string; remedy: string }> = {
  access_keys_request: {
    message: 'This access key has just been made.',
    remedy: 'Look at the access keys on your profile.',
  },
  artifacts_token: { message: 'This stands in the ledger already.', remedy: 'Nothing to do.' },
  attempts_pkey: {
    message: 'This attempt was counted already.',
    remedy: 'Nothing to do.',
  },
  audit_chain_audit: { message: 'This entry is in the audit trail already.', remedy: 'Nothing to do.' },
  audit_chain_workspace_id_seq_pk: {
    message: 'Another change has just taken this place in the audit trail.',
    remedy: 'Try again.',
  },
  audit_seals_workspace_id_seq_kind_pk: {
    message: 'Another worker has just sealed the audit trail.',
    remedy: 'Nothing to do.',
  },
  attention_subject_kind_subject_id_pk: {
    message: 'What needs attention here has just been written by another change.',
    remedy: 'Nothing to do.',
  },
  aws_target_places_target_id_revision_pk: {
    message: 'Somebody else has given the AWS target another place at the same moment.',
    remedy: 'Look at the target as it is now, then save again.',
  },
  saved_views_default: {
    message: 'Another view of the list has become its default at the same moment.',
    remedy: 'Look at the views of the list, then choose again.',
  },
  saved_views_name: {
    message: 'You have a saved view of this name for the list already.',
    remedy: 'Choose another name.',
  },
  aws_targets_name: {
    message: 'The workspace has an AWS target of this name already.',
    remedy: 'Choose another name.',
  },
  baselines_job_id_disk_id_pk: {
    message: 'The baseline of this disk has just been written by another run.',
    remedy: 'Nothing to do: the next run measures from it.',
  },
  cutovers_one_at_a_time: {
    message: 'The server has a cutover that is not over.',
    remedy: 'Open that cutover: finish it, roll it back or cancel it.',
  },
  enrolment_codes_codeHash_unique: {
    message: 'The one-time code could not be made.',
    remedy: 'Create another one-time code.',
  },
  instances_instanceId_unique: {
    message: 'This instance is known already.',
    remedy: 'Look at the Instances page.',
  },
  invitations_open: {
    message: 'This person is invited already.',
    remedy: 'Make a new link for the open invitation, or revoke it first.',
  },
  invitations_tokenHash_unique: {
    message: 'The link could not be made.',
    remedy: 'Make another one.',
  },
  members_workspace_user: {
    message: 'This person is a member of the workspace already.',
    remedy: 'Look at the list of members.',
  },
  password_resets_tokenHash_unique: {
    message: 'The link could not be made.',
    remedy: 'Make another one.',
  },
  recovery_codes_user_id_code_hash_pk: {
    message: 'The recovery codes could not be made.',
    remedy: 'Try again.',
  },
  replication_jobs_one_per_server: {
    message: 'The server has a replication job already.',
    remedy: 'Open that replication job; a server has one at a time.',
  },
  replication_runs_one_at_a_time: {
    message: 'A run of this replication job is under way already.',
    remedy: 'Wait until it has ended, or cancel it first.',
  },
  run_limits_pkey: {
    message: 'Somebody else has set these limits at the same moment.',
    remedy: 'Look at the limits as they are now, then save again.',
  },
  server_sightings_pkey: { message: 'Another import has just seen this server.', remedy: 'Nothing to do.' },
  servers_connector_vm: {
    message: 'The server is in the catalog already.',
    remedy: 'Import the server catalog again.',
  },
  sign_in_challenges_pkey: {
    message: 'The sign-in could not go on.',
    remedy: 'Sign in again.',
  },
  target_tests_pkey: {
    message: 'Another test of this AWS target has just ended.',
    remedy: 'Look at its result; test again when it is not of now.',
  },
  tasks_one_import: {
    message: 'The server catalog is being imported already.',
    remedy: 'Wait until the import has ended.',
  },
  tasks_one_per_step: {
    message: 'This step of the run is under way already.',
    remedy: 'Nothing to do: the run goes on by itself.',
  },
  tasks_one_power: {
    message: 'The server is being switched on or off already.',
    remedy: 'Wait until that has ended.',
  },
  tasks_one_release: {
    message: 'What ended runs left at the source is being removed already.',
    remedy: 'Nothing to do.',
  },
  notification_channels_member: {
    message: 'The own notifications are being changed in another window.',
    remedy: 'Reload this page and look at what is set.',
  },
  notification_incidents_workspace_id_about_cause_pk: {
    message: 'This is being told already.',
    remedy: 'Nothing to do: notifications go on by themselves.',
  },
  sso_group_roles_group: {
    message: 'This group has a role already.',
    remedy: 'Reload this page and change the role that it has.',
  },
  sso_identities_subject: {
    message: 'This person is signing in from another window.',
    remedy: 'Sign in again.',
  },
  users_email_unique: {
    message: 'There is a user with this e-mail address already.',
    remedy: 'Use another address, or add that user to the workspace.',
  },
  user_totp_pkey: {
    message: 'The second step is being set up in another window.',
    remedy: 'Go on there, or reload this page.',
  },
};

/**
 * Runs a whole transaction, again while it clashes with another. `transaction` changes nothing outside the database, or
 * only what a second time sets anew. @throws `conflict` when what it wants is taken every time, and Postgres' own error
 * when it had to give way every time
 */
export async function settlingClashes<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      const taken = takenIndex(error);
      if (taken === null && !gaveWay(error)) throw error;
      if (attempt === TRIES) throw taken === null ? error : inWords(taken, error);
      // By turns, not in step with the other.
      await pause(Math.random() * PAUSE_MS * attempt);
    }
  }
}

/** The unique index that another row fills already; null when that is not what went wrong. */
function takenIndex(error: unknown): string | null {
  // Drizzle puts Postgres' error into one of its own.
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    const { code, constraint } = at as { code?: unknown; constraint?: string };
    if (code === UNIQUE) return constraint ?? '';
  }
  return null;
}

function inWords(index: string, error: unknown): FaultError {
  const words = CLASH_WORDS[index] ?? {
    message: 'There is such a thing already.',
    remedy: 'Look at what is there and try again.',
  };
  return faultError('conflict', words, error);
}
