-- What lists sort and filter by becomes columns with indexes, and free text one column with a trigram index. Each table is
-- rewritten once: its columns come with one statement. pg_trgm is a trusted extension: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
-- How a run copies its disks: one word when all are alike, `mixed` when not. As copyModeOf() in runs/view.ts tells it.
CREATE FUNCTION run_copy_mode(results jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT CASE WHEN count(DISTINCT mode) > 1 THEN 'mixed' ELSE min(mode) END
  FROM (
    SELECT disk ->> 'mode' AS mode FROM jsonb_path_query(
      coalesce(results -> 'copy-disks', results -> 'start-snapshots', results -> 'find-changes'), '$.disks[*]') disk
  ) disks
);--> statement-breakpoint
-- The sum of a number over the disks of a step's result; null where no disk has one.
CREATE FUNCTION run_disk_sum(results jsonb, path jsonpath) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT sum((found #>> '{}')::numeric)::bigint FROM jsonb_path_query(results, path) found WHERE jsonb_typeof(found) = 'number'
);--> statement-breakpoint
DROP INDEX "servers_workspace_name";--> statement-breakpoint
ALTER TABLE "audit"
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(actor_name, '') || E'\n' || coalesce(action, '') || E'\n' || coalesce(subject_kind, '') || E'\n' || coalesce(subject_name, '') || E'\n' || coalesce(subject_id, '') || E'\n' || coalesce(address, ''))) STORED;--> statement-breakpoint
ALTER TABLE "images"
  ADD COLUMN "verified_how" text GENERATED ALWAYS AS (case when (verified ->> 'full')::boolean then 'full' when verified is not null then 'sampled' end) STORED,
  ADD COLUMN "pinned" text GENERATED ALWAYS AS (case when pinned_at is null then 'no' else 'yes' end) STORED NOT NULL,
  ADD COLUMN "instance_count" integer DEFAULT 0 NOT NULL,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(id, '') || E'\n' || coalesce(name, '') || E'\n' || coalesce(job_id, '') || E'\n' || coalesce(run_id, ''))) STORED;--> statement-breakpoint
ALTER TABLE "instances"
  ADD COLUMN "instance_type" text GENERATED ALWAYS AS (input ->> 'instanceType') STORED,
  ADD COLUMN "private_address" text GENERATED ALWAYS AS (detail ->> 'privateAddress') STORED,
  ADD COLUMN "public_address" text GENERATED ALWAYS AS (detail ->> 'publicAddress') STORED,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(instance_id, '') || E'\n' || coalesce(name, '') || E'\n' || coalesce(image_id, '') || E'\n' || coalesce(run_id, '') || E'\n' || coalesce(input ->> 'instanceType', '') || E'\n' || coalesce(detail ->> 'privateAddress', '') || E'\n' || coalesce(detail ->> 'publicAddress', '') || E'\n' || coalesce(launched_by, ''))) STORED;--> statement-breakpoint
ALTER TABLE "servers"
  ADD COLUMN "connector_name" text DEFAULT '' NOT NULL,
  ADD COLUMN "replication_state" text DEFAULT 'none' NOT NULL,
  ADD COLUMN "path_start" text GENERATED ALWAYS AS (left(path, 300)) STORED NOT NULL,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(name, '') || E'\n' || coalesce(id, '') || E'\n' || coalesce(guest_name, '') || E'\n' || coalesce(address, '') || E'\n' || coalesce(path, '') || E'\n' || coalesce(host, '') || E'\n' || coalesce(connector_name, ''))) STORED;--> statement-breakpoint
ALTER TABLE "cutovers"
  ADD COLUMN "begins_at" timestamp with time zone GENERATED ALWAYS AS (coalesce(started_at, start_at)) STORED,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(id, '') || E'\n' || coalesce(server_name, '') || E'\n' || coalesce(job_id, '') || E'\n' || coalesce(created_by, ''))) STORED;--> statement-breakpoint
ALTER TABLE "replication_jobs"
  ADD COLUMN "connector_name" text DEFAULT '' NOT NULL,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(id, '') || E'\n' || coalesce(server_name, '') || E'\n' || coalesce(description, '') || E'\n' || coalesce(connector_name, '') || E'\n' || coalesce(latest_image_id, ''))) STORED;--> statement-breakpoint
ALTER TABLE "replication_runs"
  ADD COLUMN "waiting_kind" text,
  ADD COLUMN "queue_state" text GENERATED ALWAYS AS (case when state = 'pending' then coalesce(waiting_kind, 'queued') end) STORED,
  ADD COLUMN "copy_mode" text GENERATED ALWAYS AS (run_copy_mode(results)) STORED,
  ADD COLUMN "changed_bytes" bigint GENERATED ALWAYS AS (run_disk_sum(results, '$."find-changes".disks[*].changedBytes')) STORED,
  ADD COLUMN "read_bytes" bigint GENERATED ALWAYS AS (run_disk_sum(results, '$."copy-disks".disks[*].bytesRead')) STORED,
  ADD COLUMN "sent_bytes" bigint GENERATED ALWAYS AS (run_disk_sum(results, '$."copy-disks".disks[*].bytesSent')) STORED,
  ADD COLUMN "duration_seconds" double precision GENERATED ALWAYS AS (extract(epoch from ended_at - started_at)) STORED,
  ADD COLUMN "search" text GENERATED ALWAYS AS (lower(coalesce(id, '') || E'\n' || coalesce(server_name, '') || E'\n' || coalesce(job_id, '') || E'\n' || coalesce(image_id, ''))) STORED;--> statement-breakpoint
UPDATE servers SET connector_name = coalesce((SELECT c.name FROM connectors c WHERE c.id = connector_id), ''),
  replication_state = coalesce((SELECT j.state FROM replication_jobs j WHERE j.server_id = servers.id AND j.deleted_at IS NULL), 'none');--> statement-breakpoint
UPDATE replication_jobs SET connector_name = coalesce((SELECT c.name FROM connectors c WHERE c.id = connector_id), '');--> statement-breakpoint
UPDATE images SET instance_count = n
  FROM (SELECT image_id, count(*) n FROM instances WHERE terminated_at IS NULL GROUP BY image_id) counted WHERE image_id = images.id;--> statement-breakpoint
UPDATE replication_runs SET waiting_kind = CASE WHEN waiting_for LIKE 'Queued:%' THEN 'queued' ELSE 'waiting' END
  WHERE waiting_for IS NOT NULL;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD CONSTRAINT "replication_runs_waiting" CHECK ((waiting_for is null) = (waiting_kind is null));--> statement-breakpoint
CREATE INDEX "audit_by_at" ON "audit" USING btree ("workspace_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_by_actor" ON "audit" USING btree ("workspace_id","actor_name","id");--> statement-breakpoint
CREATE INDEX "audit_by_action" ON "audit" USING btree ("workspace_id","action","id");--> statement-breakpoint
CREATE INDEX "audit_by_kind" ON "audit" USING btree ("workspace_id","subject_kind","id");--> statement-breakpoint
CREATE INDEX "audit_by_subject" ON "audit" USING btree ("workspace_id","subject_name","id");--> statement-breakpoint
CREATE INDEX "audit_by_address" ON "audit" USING btree ("workspace_id","address","id");--> statement-breakpoint
CREATE INDEX "audit_search" ON "audit" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX "images_by_id" ON "images" USING btree ("workspace_id","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_name" ON "images" USING btree ("workspace_id","name","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_job" ON "images" USING btree ("workspace_id","job_id","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_method" ON "images" USING btree ("workspace_id","method","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_verified" ON "images" USING btree ("workspace_id","verified_how","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_pinned" ON "images" USING btree ("workspace_id","pinned","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_instances" ON "images" USING btree ("workspace_id","instance_count","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_point_in_time" ON "images" USING btree ("workspace_id","point_in_time","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_by_created" ON "images" USING btree ("workspace_id","created_at","id") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "images_search" ON "images" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false) WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "instances_image" ON "instances" USING btree ("image_id");--> statement-breakpoint
CREATE INDEX "instances_by_id" ON "instances" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "instances_by_name" ON "instances" USING btree ("workspace_id","name","id");--> statement-breakpoint
CREATE INDEX "instances_by_image" ON "instances" USING btree ("workspace_id","image_id","id");--> statement-breakpoint
CREATE INDEX "instances_by_purpose" ON "instances" USING btree ("workspace_id","purpose","id");--> statement-breakpoint
CREATE INDEX "instances_by_state" ON "instances" USING btree ("workspace_id","state","id");--> statement-breakpoint
CREATE INDEX "instances_by_type" ON "instances" USING btree ("workspace_id","instance_type","id");--> statement-breakpoint
CREATE INDEX "instances_by_launched_by" ON "instances" USING btree ("workspace_id","launched_by","id");--> statement-breakpoint
CREATE INDEX "instances_search" ON "instances" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX "servers_by_name" ON "servers" USING btree ("workspace_id","name","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_id" ON "servers" USING btree ("workspace_id","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_power" ON "servers" USING btree ("workspace_id","power","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_guest" ON "servers" USING btree ("workspace_id","guest_name","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_family" ON "servers" USING btree ("workspace_id","guest_family","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_vcpus" ON "servers" USING btree ("workspace_id","vcpus","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_memory" ON "servers" USING btree ("workspace_id","memory_mi_b","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_disks" ON "servers" USING btree ("workspace_id","disk_count","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_disk_bytes" ON "servers" USING btree ("workspace_id","disk_bytes","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_address" ON "servers" USING btree ("workspace_id","address","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_path" ON "servers" USING btree ("workspace_id","path_start","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_host" ON "servers" USING btree ("workspace_id","host","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_connector" ON "servers" USING btree ("workspace_id","connector_name","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_readiness" ON "servers" USING btree ("workspace_id","readiness","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_replication" ON "servers" USING btree ("workspace_id","replication_state","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_by_last_seen" ON "servers" USING btree ("workspace_id","last_seen_at","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "servers_search" ON "servers" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false) WHERE cleared_at is null;--> statement-breakpoint
CREATE INDEX "cutovers_by_id" ON "cutovers" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "cutovers_by_server" ON "cutovers" USING btree ("workspace_id","server_name","id");--> statement-breakpoint
CREATE INDEX "cutovers_by_state" ON "cutovers" USING btree ("workspace_id","state","id");--> statement-breakpoint
CREATE INDEX "cutovers_by_begins" ON "cutovers" USING btree ("workspace_id","begins_at","id");--> statement-breakpoint
CREATE INDEX "cutovers_by_created_by" ON "cutovers" USING btree ("workspace_id","created_by","id");--> statement-breakpoint
CREATE INDEX "cutovers_by_ended" ON "cutovers" USING btree ("workspace_id","ended_at","id");--> statement-breakpoint
CREATE INDEX "cutovers_search" ON "cutovers" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false);--> statement-breakpoint
CREATE INDEX "replication_jobs_by_id" ON "replication_jobs" USING btree ("workspace_id","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_server" ON "replication_jobs" USING btree ("workspace_id","server_name","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_state" ON "replication_jobs" USING btree ("workspace_id","state","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_connector" ON "replication_jobs" USING btree ("workspace_id","connector_name","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_image" ON "replication_jobs" USING btree ("workspace_id","latest_image_id","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_frequency" ON "replication_jobs" USING btree ("workspace_id","every_hours","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_image_at" ON "replication_jobs" USING btree ("workspace_id","latest_image_at","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_next_run" ON "replication_jobs" USING btree ("workspace_id","next_run_at","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_by_created" ON "replication_jobs" USING btree ("workspace_id","created_at","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_search" ON "replication_jobs" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_runs_by_queue" ON "replication_runs" USING btree ("workspace_id","queue_state","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_id" ON "replication_runs" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_server" ON "replication_runs" USING btree ("workspace_id","server_name","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_type" ON "replication_runs" USING btree ("workspace_id","type","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_state" ON "replication_runs" USING btree ("workspace_id","state","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_image" ON "replication_runs" USING btree ("workspace_id","image_id","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_started" ON "replication_runs" USING btree ("workspace_id","started_at","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_duration" ON "replication_runs" USING btree ("workspace_id","duration_seconds","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_copy_mode" ON "replication_runs" USING btree ("workspace_id","copy_mode","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_changed" ON "replication_runs" USING btree ("workspace_id","changed_bytes","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_read" ON "replication_runs" USING btree ("workspace_id","read_bytes","id");--> statement-breakpoint
CREATE INDEX "replication_runs_by_sent" ON "replication_runs" USING btree ("workspace_id","sent_bytes","id");--> statement-breakpoint
CREATE INDEX "replication_runs_search" ON "replication_runs" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false);--> statement-breakpoint
CREATE FUNCTION take_connector_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.connector_name := coalesce((SELECT name FROM connectors WHERE id = NEW.connector_id), '');
  RETURN NEW;
END;
$$;
CREATE TRIGGER servers_connector_name BEFORE INSERT OR UPDATE OF connector_id ON "servers"
  FOR EACH ROW EXECUTE FUNCTION take_connector_name();
CREATE TRIGGER replication_jobs_connector_name BEFORE INSERT OR UPDATE OF connector_id ON "replication_jobs"
  FOR EACH ROW EXECUTE FUNCTION take_connector_name();
CREATE FUNCTION give_connector_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE servers SET connector_name = NEW.name WHERE connector_id = NEW.id;
  UPDATE replication_jobs SET connector_name = NEW.name WHERE connector_id = NEW.id;
  RETURN NULL;
END;
$$;
CREATE TRIGGER connectors_name AFTER UPDATE OF name ON "connectors"
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION give_connector_name();--> statement-breakpoint
-- A server has at most one job that is not deleted; its state is the server's replication.
CREATE FUNCTION give_replication_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL
     AND (TG_OP = 'DELETE' OR NEW.deleted_at IS NOT NULL OR NEW.server_id <> OLD.server_id) THEN
    UPDATE servers SET replication_state = 'none' WHERE id = OLD.server_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN
    UPDATE servers SET replication_state = NEW.state WHERE id = NEW.server_id AND replication_state <> NEW.state;
  END IF;
  RETURN NULL;
END;
$$;
CREATE TRIGGER replication_jobs_to_server AFTER INSERT OR DELETE OR UPDATE OF state, deleted_at, server_id ON "replication_jobs"
  FOR EACH ROW EXECUTE FUNCTION give_replication_state();--> statement-breakpoint
-- Up and down by one, so that two launches of an AMI at once both count.
CREATE FUNCTION count_instances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.terminated_at IS NULL THEN
    UPDATE images SET instance_count = instance_count - 1 WHERE id = OLD.image_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.terminated_at IS NULL THEN
    UPDATE images SET instance_count = instance_count + 1 WHERE id = NEW.image_id;
  END IF;
  RETURN NULL;
END;
$$;
CREATE TRIGGER instances_count AFTER INSERT OR DELETE ON "instances"
  FOR EACH ROW EXECUTE FUNCTION count_instances();
CREATE TRIGGER instances_count_again AFTER UPDATE OF terminated_at, image_id ON "instances"
  FOR EACH ROW WHEN ((OLD.terminated_at IS NULL) <> (NEW.terminated_at IS NULL) OR OLD.image_id <> NEW.image_id)
  EXECUTE FUNCTION count_instances();
