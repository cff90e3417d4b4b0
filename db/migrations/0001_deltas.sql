CREATE TABLE "baselines" (
	"job_id" text NOT NULL,
	"disk_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"run_id" text NOT NULL,
	"capacity_bytes" bigint NOT NULL,
	"change_id" text,
	"snapshot_id" text NOT NULL,
	"manifest_key" text NOT NULL,
	"digest_root" text NOT NULL,
	"digest_prefixes" jsonb NOT NULL,
	"point_in_time" timestamp with time zone NOT NULL,
	"moved_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	"revoked_because" text,
	CONSTRAINT "baselines_job_id_disk_id_pk" PRIMARY KEY("job_id","disk_id")
);
--> statement-breakpoint
CREATE TABLE "target_settings" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"transfer" text DEFAULT 's3' NOT NULL,
	"transport" text DEFAULT 'auto' NOT NULL,
	"verification" text DEFAULT 'sampled' NOT NULL,
	"changed_by" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "verified" jsonb;--> statement-breakpoint
ALTER TABLE "baselines" ADD CONSTRAINT "baselines_job_id_replication_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."replication_jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "baselines" ADD CONSTRAINT "baselines_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "baselines" ADD CONSTRAINT "baselines_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "target_settings" ADD CONSTRAINT "target_settings_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "baselines_snapshot" ON "baselines" USING btree ("snapshot_id") WHERE revoked_at is null;