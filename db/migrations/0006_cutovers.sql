CREATE TABLE "cutover_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"cutover_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"step" text,
	"level" text NOT NULL,
	"who" text,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cutovers" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"job_id" text NOT NULL,
	"server_name" text NOT NULL,
	"state" text NOT NULL,
	"step" text NOT NULL,
	"options" jsonb NOT NULL,
	"start_at" timestamp with time zone,
	"checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"instance_checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"timeline" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"question" jsonb,
	"questions" integer DEFAULT 0 NOT NULL,
	"waiting_for" text,
	"attempt" integer DEFAULT 0 NOT NULL,
	"final_run_id" text,
	"launch_id" text,
	"console_output" text,
	"source_stopped" text,
	"downtime_started_at" timestamp with time zone,
	"downtime_ended_at" timestamp with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"started_by" text,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "cutover_id" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "power" jsonb;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "power_result" jsonb;--> statement-breakpoint
ALTER TABLE "cutover_log" ADD CONSTRAINT "cutover_log_cutover_id_cutovers_id_fk" FOREIGN KEY ("cutover_id") REFERENCES "public"."cutovers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cutovers" ADD CONSTRAINT "cutovers_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cutovers" ADD CONSTRAINT "cutovers_job_id_replication_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."replication_jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cutover_log_cutover" ON "cutover_log" USING btree ("cutover_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "cutovers_one_at_a_time" ON "cutovers" USING btree ("job_id") WHERE state in ('planned', 'active', 'cut-over', 'rolling-back');--> statement-breakpoint
CREATE INDEX "cutovers_workspace" ON "cutovers" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "cutovers_open" ON "cutovers" USING btree ("state") WHERE state in ('planned', 'active', 'rolling-back');--> statement-breakpoint
CREATE INDEX "cutovers_job" ON "cutovers" USING btree ("job_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_one_power" ON "tasks" USING btree ("cutover_id") WHERE kind = 'power' and state = 'open';