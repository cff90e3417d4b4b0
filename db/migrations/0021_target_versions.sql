DROP INDEX "aws_targets_name";--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "environment_note" text;--> statement-breakpoint
CREATE INDEX "images_target" ON "images" USING btree ("target_id","target_revision") WHERE deregistered_at is null;--> statement-breakpoint
CREATE INDEX "instances_target" ON "instances" USING btree ("target_id","target_revision") WHERE terminated_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_target" ON "replication_jobs" USING btree ("target_id");--> statement-breakpoint
CREATE INDEX "artifacts_target" ON "artifacts" USING btree ("target_id","target_revision") WHERE state <> 'released' and kind not in ('vsphere-snapshot', 'nfc-lease');--> statement-breakpoint
CREATE UNIQUE INDEX "aws_targets_name" ON "aws_targets" USING btree ("workspace_id",lower(name)) WHERE retired_at is null;