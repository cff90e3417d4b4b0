ALTER TABLE "instances" ADD COLUMN "checks_passed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD COLUMN "launch_configuration" jsonb;