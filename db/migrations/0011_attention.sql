CREATE TABLE "attention" (
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"cause" text NOT NULL,
	"run_id" text,
	"words" text NOT NULL,
	"thing_id" text NOT NULL,
	"thing_name" text NOT NULL,
	"place" bigint NOT NULL,
	"since" timestamp with time zone,
	CONSTRAINT "attention_subject_kind_subject_id_pk" PRIMARY KEY("subject_kind","subject_id")
);
--> statement-breakpoint
CREATE INDEX "attention_place" ON "attention" USING btree ("workspace_id","kind","cause","place","subject_id");--> statement-breakpoint
CREATE INDEX "attention_since" ON "attention" USING btree ("workspace_id","kind","cause","since");--> statement-breakpoint
CREATE INDEX "attention_words" ON "attention" USING btree ("workspace_id","kind","cause","words");--> statement-breakpoint
CREATE INDEX "replication_runs_newest" ON "replication_runs" USING btree ("job_id","created_at") WHERE state <> 'missed';--> statement-breakpoint
-- The truth, worked out from jobs, runs, cutovers and artifacts. Everything below renews rows from it, one subject at a time
-- or all. Counts of causes are tallies, so that nobody counts the rows.
CREATE FUNCTION attention_place(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (extract(epoch FROM at) * 1000000)::bigint
$$;
--> statement-breakpoint
CREATE FUNCTION fault_words(fault jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT md5(coalesce(fault ->> 'message', '') || E'\n' || coalesce(fault ->> 'remedy', ''))
$$;
--> statement-breakpoint
CREATE VIEW attention_truth AS
-- The newest run of a job that was not missed says what the job needs.
SELECT
  'job'::text AS subject_kind,
  job.id AS subject_id,
  job.workspace_id,
  CASE
    WHEN run.state = 'pending' THEN 'waiting-runs'
    WHEN job.state = 'paused-on-failure' THEN 'paused-jobs'
    ELSE 'failed-runs'
  END AS kind,
  CASE WHEN run.state = 'pending' THEN md5(run.waiting_for) ELSE coalesce(run.fault ->> 'code', 'internal') END AS cause,
  run.id AS run_id,
  CASE WHEN run.state = 'pending' THEN md5(run.waiting_for) ELSE fault_words(run.fault) END AS words,
  job.id AS thing_id,
  run.server_name AS thing_name,
  CASE
    WHEN run.state = 'pending' THEN attention_place(run.scheduled_for)
    ELSE -attention_place(coalesce(run.ended_at, run.created_at))
  END AS place,
  CASE
    WHEN run.state = 'pending' THEN run.scheduled_for
    WHEN job.state = 'paused-on-failure' THEN job.paused_at
    ELSE run.ended_at
  END AS since
FROM replication_jobs job
CROSS JOIN LATERAL (
  SELECT id, state, fault, waiting_for, waiting_kind, server_name, scheduled_for, ended_at, created_at
  FROM replication_runs
  WHERE job_id = job.id AND state <> 'missed'
  ORDER BY created_at DESC
  LIMIT 1
) run
WHERE job.deleted_at IS NULL
  AND (run.state = 'failed' OR (run.state = 'pending' AND run.waiting_kind = 'waiting'))
UNION ALL
SELECT 'cutover', id, workspace_id, 'cutover', '', NULL, '', id, server_name,
  coalesce(attention_place(started_at), 9000000000000000),
  CASE WHEN question IS NULL THEN start_at ELSE (question ->> 'askedAt')::timestamptz END
FROM cutovers
WHERE state IN ('planned', 'active', 'rolling-back') AND (question IS NOT NULL OR (state = 'planned' AND waiting_for IS NOT NULL))
UNION ALL
-- Six tries: services/artifacts/left-overs.ts.
SELECT 'artifact', artifact.id, artifact.workspace_id, 'left-over', coalesce(artifact.release_fault ->> 'code', 'internal'),
  artifact.run_id, fault_words(artifact.release_fault), run.job_id, run.server_name,
  attention_place(artifact.created_at), artifact.created_at
FROM artifacts artifact
JOIN replication_runs run ON run.id = artifact.run_id
WHERE artifact.state <> 'released' AND artifact.release_fault IS NOT NULL AND artifact.release_attempts >= 6;
--> statement-breakpoint
CREATE FUNCTION renew_attention(kind_of_subject text, id_of_subject text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wanted attention;
BEGIN
  SELECT * INTO wanted FROM attention_truth t WHERE t.subject_kind = kind_of_subject AND t.subject_id = id_of_subject;
  IF NOT FOUND THEN
    DELETE FROM attention a WHERE a.subject_kind = kind_of_subject AND a.subject_id = id_of_subject;
    RETURN;
  END IF;
  INSERT INTO attention SELECT wanted.*
  ON CONFLICT (subject_kind, subject_id) DO UPDATE SET
    workspace_id = excluded.workspace_id, kind = excluded.kind, cause = excluded.cause, run_id = excluded.run_id,
    words = excluded.words, thing_id = excluded.thing_id, thing_name = excluded.thing_name, place = excluded.place,
    since = excluded.since
  WHERE attention.* IS DISTINCT FROM excluded.*;
END;
$$;
--> statement-breakpoint
-- All rows anew. For a database that was filled with the triggers off, and for this migration.
CREATE FUNCTION rebuild_attention() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE attention IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM attention;
  INSERT INTO attention SELECT * FROM attention_truth;
END;
$$;
--> statement-breakpoint
-- Rows that are wrong, missing or too many; none, unless somebody wrote with the triggers off.
CREATE VIEW attention_differences AS
(SELECT 'missing' AS what, t.* FROM (SELECT * FROM attention_truth EXCEPT SELECT * FROM attention) t)
UNION ALL
(SELECT 'too many', a.* FROM (SELECT * FROM attention EXCEPT SELECT * FROM attention_truth) a);
--> statement-breakpoint
-- At the commit: then a change has all the locks that it needs, so that two changes of a job never wait for each other crosswise.
-- The job's lock makes the second of two see what the first one wrote.
CREATE FUNCTION attention_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_job text;
BEGIN
  IF TG_TABLE_NAME = 'replication_jobs' THEN of_job := NEW.id;
  ELSIF TG_OP = 'DELETE' THEN of_job := OLD.job_id;
  ELSE of_job := NEW.job_id;
  END IF;
  PERFORM FROM replication_jobs WHERE id = of_job FOR NO KEY UPDATE;
  PERFORM renew_attention('job', of_job);
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE FUNCTION attention_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM renew_attention(TG_ARGV[0], CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_new AFTER INSERT ON replication_runs
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state <> 'missed') EXECUTE FUNCTION attention_of_job();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_changed AFTER UPDATE ON replication_runs
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
    OLD.state <> NEW.state
    OR (NEW.state = 'pending' AND (OLD.waiting_for, OLD.waiting_kind) IS DISTINCT FROM (NEW.waiting_for, NEW.waiting_kind))
    OR (NEW.state = 'failed' AND (OLD.fault, OLD.ended_at) IS DISTINCT FROM (NEW.fault, NEW.ended_at))
  ) EXECUTE FUNCTION attention_of_job();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_changed AFTER UPDATE ON replication_jobs
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
    (OLD.state = 'paused-on-failure') <> (NEW.state = 'paused-on-failure')
    OR (OLD.paused_at, OLD.deleted_at) IS DISTINCT FROM (NEW.paused_at, NEW.deleted_at)
  ) EXECUTE FUNCTION attention_of_job();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_new AFTER INSERT ON cutovers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.question IS NOT NULL OR NEW.waiting_for IS NOT NULL)
  EXECUTE FUNCTION attention_of_row('cutover');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_changed AFTER UPDATE ON cutovers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
    OLD.state <> NEW.state OR OLD.question IS DISTINCT FROM NEW.question
    OR (NEW.state = 'planned' AND (OLD.waiting_for, OLD.start_at) IS DISTINCT FROM (NEW.waiting_for, NEW.start_at))
  ) EXECUTE FUNCTION attention_of_row('cutover');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_new AFTER INSERT ON artifacts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.release_attempts >= 6)
  EXECUTE FUNCTION attention_of_row('artifact');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_changed AFTER UPDATE ON artifacts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
    (OLD.release_attempts >= 6 OR NEW.release_attempts >= 6)
    AND (OLD.state, OLD.release_attempts, OLD.release_fault) IS DISTINCT FROM (NEW.state, NEW.release_attempts, NEW.release_fault)
  ) EXECUTE FUNCTION attention_of_row('artifact');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_gone AFTER DELETE ON replication_runs
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state IN ('pending', 'failed')) EXECUTE FUNCTION attention_of_job();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_gone AFTER DELETE ON cutovers
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION attention_of_row('cutover');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER attention_of_gone AFTER DELETE ON artifacts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.release_attempts >= 6) EXECUTE FUNCTION attention_of_row('artifact');
--> statement-breakpoint
CREATE FUNCTION attention_tallies(r attention) RETURNS SETOF tally LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, 'attention', r.kind || '/' || r.cause, 1::bigint, 0::bigint, 0::bigint
$$;
--> statement-breakpoint
CALL keep_tallies('attention', 'attention_tallies', '{workspace_id, kind, cause}');
--> statement-breakpoint
CREATE OR REPLACE FUNCTION counted_tallies() RETURNS SETOF tally LANGUAGE sql STABLE AS $$
  SELECT workspace_id, name, bucket, sum(count)::bigint, sum(read_bytes)::bigint, sum(sent_bytes)::bigint
  FROM (
    SELECT t.* FROM servers r, server_tallies(r) t
    UNION ALL SELECT t.* FROM replication_jobs r, job_tallies(r) t
    UNION ALL SELECT t.* FROM replication_runs r, run_tallies(r) t
    UNION ALL SELECT t.* FROM images r, image_tallies(r) t
    UNION ALL SELECT t.* FROM instances r, instance_tallies(r) t
    UNION ALL SELECT t.* FROM attention r, attention_tallies(r) t
  ) counted
  GROUP BY workspace_id, name, bucket
$$;
--> statement-breakpoint
SELECT rebuild_attention();
--> statement-breakpoint
-- The screens are told of it, once a statement and workspace.
CREATE FUNCTION tell_of_attention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (workspace_id, topic, kind) SELECT DISTINCT workspace_id, 'attention', 'changed' FROM changed;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER attention_told_of_new AFTER INSERT ON attention
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_of_attention();
--> statement-breakpoint
CREATE TRIGGER attention_told_of_changed AFTER UPDATE ON attention
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_of_attention();
--> statement-breakpoint
CREATE TRIGGER attention_told_of_closed AFTER DELETE ON attention
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_of_attention();
