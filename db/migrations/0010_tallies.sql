CREATE TABLE "tallies" (
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"bucket" text NOT NULL,
	"count" bigint NOT NULL,
	"read_bytes" bigint NOT NULL,
	"sent_bytes" bigint NOT NULL,
	"folded" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX "tallies_bucket" ON "tallies" USING btree ("workspace_id","name","bucket");--> statement-breakpoint
CREATE INDEX "tallies_changes" ON "tallies" USING btree ("folded") WHERE not folded;--> statement-breakpoint
CREATE INDEX "cutovers_under_way" ON "cutovers" USING btree ("workspace_id","started_at","id") WHERE state in ('active', 'cut-over', 'rolling-back');--> statement-breakpoint
CREATE INDEX "cutovers_planned" ON "cutovers" USING btree ("workspace_id","start_at","id") WHERE state = 'planned';--> statement-breakpoint
CREATE INDEX "replication_runs_active" ON "replication_runs" USING btree ("workspace_id","started_at","id") WHERE state = 'active';--> statement-breakpoint
-- The counts themselves. What a row counts as is said once, in a function per table; the triggers, the fold and the
-- recount all live of it.
CREATE TYPE tally AS (workspace_id text, name text, bucket text, count bigint, read_bytes bigint, sent_bytes bigint);
--> statement-breakpoint
CREATE FUNCTION utc_hour(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')
$$;
--> statement-breakpoint
CREATE FUNCTION utc_five_minutes(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(date_bin('5 minutes', at, 'epoch') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI')
$$;
--> statement-breakpoint
CREATE FUNCTION server_tallies(r servers) RETURNS SETOF tally LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, t.name, t.bucket, 1::bigint, 0::bigint, 0::bigint
  FROM (VALUES
    ('servers', r.connector_id, r.cleared_at IS NULL),
    ('servers-present', r.readiness, r.cleared_at IS NULL AND r.gone_at IS NULL)
  ) t (name, bucket, counts)
  WHERE t.counts
$$;
--> statement-breakpoint
CREATE FUNCTION job_tallies(r replication_jobs) RETURNS SETOF tally LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, t.name, t.bucket, 1::bigint, 0::bigint, 0::bigint
  FROM (VALUES
    ('jobs', r.state, r.deleted_at IS NULL),
    ('jobs-of-connector', r.connector_id, r.deleted_at IS NULL),
    ('jobs-ever', '', true),
    ('jobs-latest-image', utc_five_minutes(r.latest_image_at), r.deleted_at IS NULL AND r.latest_image_at IS NOT NULL),
    ('jobs-without-image', '', r.deleted_at IS NULL AND r.latest_image_at IS NULL),
    (
      'jobs-next-run',
      utc_hour(r.next_run_at) || '/' || coalesce(r.every_hours::text, 'once'),
      r.deleted_at IS NULL AND r.next_run_at IS NOT NULL AND r.state NOT IN ('deleting', 'paused', 'paused-on-failure')
    )
  ) t (name, bucket, counts)
  WHERE t.counts
$$;
--> statement-breakpoint
CREATE FUNCTION run_tallies(r replication_runs) RETURNS SETOF tally LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, t.name, t.bucket, 1::bigint, t.read_bytes, t.sent_bytes
  FROM (VALUES
    ('runs', r.state, r.state IN ('pending', 'active'), 0::bigint, 0::bigint),
    ('runs-of-connector', r.connector_id, r.state = 'active', 0, 0),
    (
      'runs-ended',
      utc_hour(r.ended_at) || '/' || r.state,
      r.ended_at IS NOT NULL,
      coalesce(r.read_bytes, 0),
      coalesce(r.sent_bytes, 0)
    )
  ) t (name, bucket, counts, read_bytes, sent_bytes)
  WHERE t.counts
$$;
--> statement-breakpoint
CREATE FUNCTION image_tallies(r images) RETURNS SETOF tally LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, 'images', CASE WHEN r.deregistered_at IS NULL THEN 'live' ELSE 'deregistered' END,
    1::bigint, 0::bigint, 0::bigint
$$;
--> statement-breakpoint
CREATE FUNCTION instance_tallies(r instances) RETURNS SETOF tally LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT r.workspace_id, t.name, t.bucket, 1::bigint, 0::bigint, 0::bigint
  FROM (VALUES
    ('instances', r.state, true),
    ('instances-launched', '', r.instance_id IS NOT NULL)
  ) t (name, bucket, counts)
  WHERE t.counts
$$;
--> statement-breakpoint
-- A table's triggers append what a change adds and takes away. They never touch a row that is there: verbs that count into
-- the same bucket do not wait for each other. `columns` are all that the table's function reads; a change of others costs nothing.
CREATE PROCEDURE keep_tallies(counted regclass, row_tallies text, columns text[]) LANGUAGE plpgsql AS $$
DECLARE
  trigger_name text := row_tallies || '_kept';
  old_values text := (SELECT string_agg(format('OLD.%I', one), ', ') FROM unnest(columns) one);
  new_values text := (SELECT string_agg(format('NEW.%I', one), ', ') FROM unnest(columns) one);
BEGIN
  EXECUTE format($function$
    CREATE OR REPLACE FUNCTION %1$I() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        INSERT INTO tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes) SELECT * FROM %2$I(NEW);
      ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes)
        SELECT workspace_id, name, bucket, -count, -read_bytes, -sent_bytes FROM %2$I(OLD);
      ELSE
        INSERT INTO tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes)
        SELECT workspace_id, name, bucket, sum(count), sum(read_bytes), sum(sent_bytes)
        FROM (
          SELECT * FROM %2$I(NEW)
          UNION ALL
          SELECT workspace_id, name, bucket, -count, -read_bytes, -sent_bytes FROM %2$I(OLD)
        ) change
        GROUP BY workspace_id, name, bucket
        HAVING sum(count) <> 0 OR sum(read_bytes) <> 0 OR sum(sent_bytes) <> 0;
      END IF;
      RETURN NULL;
    END;
    $body$
  $function$, trigger_name, row_tallies);
  EXECUTE format('DROP TRIGGER IF EXISTS tallies_on_change ON %s', counted);
  EXECUTE format('DROP TRIGGER IF EXISTS tallies_on_rows ON %s', counted);
  EXECUTE format(
    'CREATE TRIGGER tallies_on_change AFTER UPDATE ON %s FOR EACH ROW WHEN ((%s) IS DISTINCT FROM (%s)) EXECUTE FUNCTION %I()',
    counted, old_values, new_values, trigger_name);
  EXECUTE format(
    'CREATE TRIGGER tallies_on_rows AFTER INSERT OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %I()',
    counted, trigger_name);
END;
$$;
--> statement-breakpoint
CALL keep_tallies('servers', 'server_tallies', '{connector_id, readiness, gone_at, cleared_at}');
--> statement-breakpoint
CALL keep_tallies('replication_jobs', 'job_tallies', '{connector_id, state, every_hours, next_run_at, latest_image_at, deleted_at}');
--> statement-breakpoint
CALL keep_tallies('replication_runs', 'run_tallies', '{connector_id, state, ended_at, read_bytes, sent_bytes}');
--> statement-breakpoint
CALL keep_tallies('images', 'image_tallies', '{deregistered_at}');
--> statement-breakpoint
CALL keep_tallies('instances', 'instance_tallies', '{state, instance_id}');
--> statement-breakpoint
-- What the tallies must say, counted from the rows themselves.
CREATE FUNCTION counted_tallies() RETURNS SETOF tally LANGUAGE sql STABLE AS $$
  SELECT workspace_id, name, bucket, sum(count)::bigint, sum(read_bytes)::bigint, sum(sent_bytes)::bigint
  FROM (
    SELECT t.* FROM servers r, server_tallies(r) t
    UNION ALL SELECT t.* FROM replication_jobs r, job_tallies(r) t
    UNION ALL SELECT t.* FROM replication_runs r, run_tallies(r) t
    UNION ALL SELECT t.* FROM images r, image_tallies(r) t
    UNION ALL SELECT t.* FROM instances r, instance_tallies(r) t
  ) counted
  GROUP BY workspace_id, name, bucket
$$;
--> statement-breakpoint
-- One folds or recounts at a time: a second fold has nothing to do, and a recount must not be met by a fold that puts sums
-- in place of rows which the recount takes away. The lock comes first, so that the statement after it sees all that was
-- folded. A change that is not committed yet is seen by neither part of either statement, and counts when it is.
CREATE FUNCTION fold_tallies(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  taken integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7306214) THEN RETURN 0; END IF;
  WITH changes AS MATERIALIZED (
    DELETE FROM tallies
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM tallies WHERE NOT folded LIMIT most))
    RETURNING workspace_id, name, bucket, count, read_bytes, sent_bytes
  ), sums AS (
    DELETE FROM tallies t
    USING (SELECT DISTINCT workspace_id, name, bucket FROM changes) c
    WHERE t.folded AND t.workspace_id = c.workspace_id AND t.name = c.name AND t.bucket = c.bucket
    RETURNING t.workspace_id, t.name, t.bucket, t.count, t.read_bytes, t.sent_bytes
  ), folded AS (
    INSERT INTO tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes, folded)
    SELECT workspace_id, name, bucket, sum(count), sum(read_bytes), sum(sent_bytes), true
    FROM (SELECT * FROM changes UNION ALL SELECT * FROM sums) every
    GROUP BY workspace_id, name, bucket
    HAVING sum(count) <> 0 OR sum(read_bytes) <> 0 OR sum(sent_bytes) <> 0
  )
  SELECT count(*) INTO taken FROM changes;
  RETURN taken;
END;
$$;
--> statement-breakpoint
-- Counts everything anew. For a database that was filled with the triggers off, and for this migration.
CREATE FUNCTION recount_tallies() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7306214);
  WITH gone AS (DELETE FROM tallies)
  INSERT INTO tallies (workspace_id, name, bucket, count, read_bytes, sent_bytes, folded)
  SELECT workspace_id, name, bucket, count, read_bytes, sent_bytes, true FROM counted_tallies();
END;
$$;
--> statement-breakpoint
SELECT recount_tallies();
--> statement-breakpoint
-- Few rows that change all day: the server's own measure, a fifth of the table, is for large ones.
ALTER TABLE tallies SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 2000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
