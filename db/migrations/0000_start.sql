CREATE TABLE "audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_name" text NOT NULL,
	"action" text NOT NULL,
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"subject_name" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"address" text
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"topic" text NOT NULL,
	"subject_id" text,
	"kind" text NOT NULL,
	"data" jsonb
);
--> statement-breakpoint
CREATE TABLE "images" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"job_id" text NOT NULL,
	"run_id" text NOT NULL,
	"name" text NOT NULL,
	"method" text NOT NULL,
	"note" text,
	"snapshot_ids" jsonb NOT NULL,
	"point_in_time" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deregistered_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "instances" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"instance_id" text,
	"image_id" text NOT NULL,
	"run_id" text NOT NULL,
	"name" text NOT NULL,
	"purpose" text NOT NULL,
	"input" jsonb NOT NULL,
	"state" text NOT NULL,
	"detail" jsonb,
	"fault" jsonb,
	"launched_by" text NOT NULL,
	"launched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"terminated_at" timestamp with time zone,
	"checked_at" timestamp with time zone,
	CONSTRAINT "instances_instanceId_unique" UNIQUE("instance_id")
);
--> statement-breakpoint
CREATE TABLE "connectors" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"version" text NOT NULL,
	"host" text NOT NULL,
	"addresses" jsonb NOT NULL,
	"vm_manager_type" text NOT NULL,
	"vm_manager_name" text NOT NULL,
	"vm_manager_id" text NOT NULL,
	"vm_manager_url" text NOT NULL,
	"vm_manager_version" text NOT NULL,
	"token_hash" text NOT NULL,
	"session" integer DEFAULT 0 NOT NULL,
	"checks" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"checked_at" timestamp with time zone,
	"check_requested_at" timestamp with time zone,
	"rate_bytes_per_second" double precision DEFAULT 0 NOT NULL,
	"last_seen_at" timestamp with time zone,
	"status" text DEFAULT 'waiting' NOT NULL,
	"status_reason" text,
	"catalog_state" text DEFAULT 'not-imported' NOT NULL,
	"catalog_at" timestamp with time zone,
	"catalog_summary" jsonb,
	"catalog_fault" jsonb,
	"associated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"disassociated_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "enrolment_codes" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"code_hash" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"connector_id" text,
	CONSTRAINT "enrolment_codes_codeHash_unique" UNIQUE("code_hash")
);
--> statement-breakpoint
CREATE TABLE "servers" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"connector_id" text NOT NULL,
	"vm_id" text NOT NULL,
	"uuid" text NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"power" text NOT NULL,
	"guest_name" text NOT NULL,
	"guest_family" text NOT NULL,
	"vcpus" integer NOT NULL,
	"memory_mi_b" integer NOT NULL,
	"disk_count" integer NOT NULL,
	"disk_bytes" bigint NOT NULL,
	"address" text,
	"host" text NOT NULL,
	"readiness" text NOT NULL,
	"record" jsonb NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_in_task" text,
	"gone_at" timestamp with time zone,
	"cleared_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "members" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text NOT NULL,
	"session_version" integer DEFAULT 1 NOT NULL,
	"preferences" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "workspaces" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"run_id" text,
	"connector_id" text,
	"kind" text NOT NULL,
	"token" text NOT NULL,
	"state" text DEFAULT 'declared' NOT NULL,
	"external_id" text,
	"fence" integer NOT NULL,
	"disk_id" text,
	"details" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"released_at" timestamp with time zone,
	"release_fault" jsonb,
	"release_attempts" integer DEFAULT 0 NOT NULL,
	"release_not_before" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "replication_jobs" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"server_id" text NOT NULL,
	"connector_id" text NOT NULL,
	"server_name" text NOT NULL,
	"state" text NOT NULL,
	"status_message" text,
	"license" text NOT NULL,
	"image_method" text DEFAULT 'auto' NOT NULL,
	"every_hours" integer,
	"seed_at" timestamp with time zone NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"keep_images" integer,
	"next_run_at" timestamp with time zone,
	"latest_image_id" text,
	"latest_image_at" timestamp with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "replication_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"job_id" text NOT NULL,
	"connector_id" text NOT NULL,
	"server_name" text NOT NULL,
	"type" text NOT NULL,
	"state" text NOT NULL,
	"settings" jsonb NOT NULL,
	"step" text NOT NULL,
	"percent" double precision DEFAULT 0 NOT NULL,
	"progress" jsonb,
	"results" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"timeline" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"waiting_for" text,
	"cancel_requested_at" timestamp with time zone,
	"fault" jsonb,
	"note" text,
	"image_id" text,
	"scheduled_for" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"level" text NOT NULL,
	"step" text,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"place" text NOT NULL,
	"connector_id" text,
	"run_id" text,
	"step_id" text,
	"state" text DEFAULT 'open' NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"fence" integer DEFAULT 0 NOT NULL,
	"holder" text,
	"lease_until" timestamp with time zone,
	"not_before" timestamp with time zone DEFAULT now() NOT NULL,
	"checkpoint" jsonb,
	"fault" jsonb,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "audit" ADD CONSTRAINT "audit_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "images" ADD CONSTRAINT "images_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "images" ADD CONSTRAINT "images_job_id_replication_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."replication_jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "images" ADD CONSTRAINT "images_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_image_id_images_id_fk" FOREIGN KEY ("image_id") REFERENCES "public"."images"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connectors" ADD CONSTRAINT "connectors_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enrolment_codes" ADD CONSTRAINT "enrolment_codes_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "servers" ADD CONSTRAINT "servers_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "servers" ADD CONSTRAINT "servers_connector_id_connectors_id_fk" FOREIGN KEY ("connector_id") REFERENCES "public"."connectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_connector_id_connectors_id_fk" FOREIGN KEY ("connector_id") REFERENCES "public"."connectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD CONSTRAINT "replication_jobs_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD CONSTRAINT "replication_jobs_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD CONSTRAINT "replication_jobs_connector_id_connectors_id_fk" FOREIGN KEY ("connector_id") REFERENCES "public"."connectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD CONSTRAINT "replication_runs_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD CONSTRAINT "replication_runs_job_id_replication_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."replication_jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD CONSTRAINT "replication_runs_connector_id_connectors_id_fk" FOREIGN KEY ("connector_id") REFERENCES "public"."connectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_log" ADD CONSTRAINT "run_log_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_connector_id_connectors_id_fk" FOREIGN KEY ("connector_id") REFERENCES "public"."connectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_run_id_replication_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."replication_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_workspace" ON "audit" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "events_workspace" ON "events" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "events_at" ON "events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "images_workspace" ON "images" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "images_job" ON "images" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "instances_workspace" ON "instances" USING btree ("workspace_id","launched_at","id");--> statement-breakpoint
CREATE INDEX "connectors_workspace" ON "connectors" USING btree ("workspace_id");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_connector_vm" ON "servers" USING btree ("connector_id","vm_id");--> statement-breakpoint
CREATE INDEX "servers_workspace_name" ON "servers" USING btree ("workspace_id","name","id") WHERE cleared_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "members_workspace_user" ON "members" USING btree ("workspace_id","user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "artifacts_token" ON "artifacts" USING btree ("token");--> statement-breakpoint
CREATE INDEX "artifacts_run" ON "artifacts" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "artifacts_open" ON "artifacts" USING btree ("release_not_before") WHERE state <> 'released';--> statement-breakpoint
CREATE UNIQUE INDEX "replication_jobs_one_per_server" ON "replication_jobs" USING btree ("server_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_workspace" ON "replication_jobs" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "replication_jobs_due" ON "replication_jobs" USING btree ("next_run_at") WHERE next_run_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "replication_runs_one_at_a_time" ON "replication_runs" USING btree ("job_id") WHERE state in ('pending', 'active');--> statement-breakpoint
CREATE INDEX "replication_runs_job" ON "replication_runs" USING btree ("job_id","scheduled_for");--> statement-breakpoint
CREATE INDEX "replication_runs_workspace" ON "replication_runs" USING btree ("workspace_id","scheduled_for","id");--> statement-breakpoint
CREATE INDEX "replication_runs_open" ON "replication_runs" USING btree ("state") WHERE state in ('pending', 'active');--> statement-breakpoint
CREATE INDEX "run_log_run" ON "run_log" USING btree ("run_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_one_per_step" ON "tasks" USING btree ("run_id","step_id") WHERE kind = 'step';--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_one_import" ON "tasks" USING btree ("connector_id") WHERE kind = 'import-catalog' and state = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_one_release" ON "tasks" USING btree ("connector_id") WHERE kind = 'release-artifacts' and state = 'open';--> statement-breakpoint
CREATE INDEX "tasks_open" ON "tasks" USING btree ("place","connector_id","not_before") WHERE state = 'open';