ALTER TABLE "replication_runs" ADD COLUMN "trim_after" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "events_progress" ON "events" USING btree ("at") WHERE kind = 'progress';--> statement-breakpoint
CREATE INDEX "images_snapshots" ON "images" USING gin ("snapshot_ids") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "instances_watched" ON "instances" USING btree ("checked_at" NULLS FIRST) WHERE terminated_at is null and instance_id is not null;--> statement-breakpoint
CREATE INDEX "instances_unsettled" ON "instances" USING btree ("checked_at" NULLS FIRST) WHERE terminated_at is null and instance_id is not null and (state not in ('running', 'stopped') or (state = 'running' and checks_passed_at is null));--> statement-breakpoint
CREATE INDEX "instances_launching" ON "instances" USING btree ("launched_at") WHERE state = 'launching';--> statement-breakpoint
CREATE INDEX "cutovers_going" ON "cutovers" USING btree ("created_at","id") WHERE state in ('active', 'rolling-back') and question is null;--> statement-breakpoint
CREATE INDEX "artifacts_outside" ON "artifacts" USING btree ("external_id") WHERE state <> 'released';--> statement-breakpoint
CREATE INDEX "artifacts_released" ON "artifacts" USING btree ("released_at") WHERE state = 'released';--> statement-breakpoint
CREATE INDEX "artifacts_at_source" ON "artifacts" USING btree ("workspace_id",(details ->> 'vmId')) WHERE state <> 'released' and kind in ('vsphere-snapshot', 'nfc-lease');--> statement-breakpoint
CREATE INDEX "baselines_digests" ON "baselines" USING gin ("digest_prefixes") WHERE revoked_at is null;--> statement-breakpoint
CREATE INDEX "baselines_run" ON "baselines" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "replication_runs_sweep" ON "replication_runs" USING btree ("created_at","id") WHERE state in ('pending', 'active');--> statement-breakpoint
CREATE INDEX "replication_runs_trim" ON "replication_runs" USING btree (coalesce(trim_after, ended_at)) WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "tasks_ended" ON "tasks" USING btree ("ended_at") WHERE run_id is null and state <> 'open';--> statement-breakpoint
-- What is known at a glance to be needed is put aside at once (services/artifacts/due.ts); the rest goes in the first minutes.
UPDATE artifacts SET release_not_before = now() + interval '24 hours' * (1 + random())
FROM replication_runs run
WHERE run.id = artifacts.run_id AND run.state = 'completed'
  AND artifacts.state <> 'released' AND artifacts.kind IN ('image', 'ebs-snapshot');
