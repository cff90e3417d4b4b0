ALTER TABLE "replication_jobs" ADD COLUMN "verification" text;--> statement-breakpoint
ALTER TABLE "target_settings" ADD COLUMN "encrypted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "target_settings" ADD COLUMN "kms_key_arn" text;