CREATE TABLE "run_limits" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"total" integer NOT NULL,
	"per_target" integer NOT NULL,
	"changed_by" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "pinned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connectors" ADD COLUMN "max_runs" integer DEFAULT 4 NOT NULL;--> statement-breakpoint
ALTER TABLE "connectors" ADD COLUMN "bandwidth" jsonb;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD COLUMN "failures_in_row" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD COLUMN "pause_after_failures" integer DEFAULT 3;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD COLUMN "paused_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "run_limits" ADD CONSTRAINT "run_limits_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;