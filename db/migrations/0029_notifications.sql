CREATE TABLE "notification_channels" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"member_id" text,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"destination" text NOT NULL,
	"target_id" text,
	"kinds" jsonb NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"quiet_hours" jsonb,
	"secret" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"channel_id" text NOT NULL,
	"channel_name" text NOT NULL,
	"channel_kind" text NOT NULL,
	"member_id" text,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"message" jsonb NOT NULL,
	"message_id" text NOT NULL,
	"incident" text,
	"state" text NOT NULL,
	"due_at" timestamp with time zone,
	"held" boolean DEFAULT false NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"attempt_until" timestamp with time zone,
	"answer_code" integer,
	"answer" text,
	"error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"search" text GENERATED ALWAYS AS (lower(coalesce(title, '') || E'\n' || coalesce(channel_name, '') || E'\n' || coalesce(channel_kind, '') || E'\n' || coalesce(kind, '') || E'\n' || coalesce(state, '') || E'\n' || coalesce(error, ''))) STORED
);
--> statement-breakpoint
CREATE TABLE "notification_incidents" (
	"workspace_id" text NOT NULL,
	"about" text NOT NULL,
	"cause" text NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"look_at" timestamp with time zone NOT NULL,
	"told_count" integer DEFAULT 0 NOT NULL,
	"told_at" timestamp with time zone,
	"times_told" integer DEFAULT 0 NOT NULL,
	"over_since" timestamp with time zone,
	"message" jsonb,
	"told" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "notification_incidents_workspace_id_about_cause_pk" PRIMARY KEY("workspace_id","about","cause")
);
--> statement-breakpoint
CREATE TABLE "notification_outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"about" text NOT NULL,
	"cause" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "notification_channels" ADD CONSTRAINT "notification_channels_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_deliveries" ADD CONSTRAINT "notification_deliveries_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_incidents" ADD CONSTRAINT "notification_incidents_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notification_channels_workspace" ON "notification_channels" USING btree ("workspace_id");--> statement-breakpoint
CREATE UNIQUE INDEX "notification_channels_member" ON "notification_channels" USING btree ("member_id");--> statement-breakpoint
CREATE INDEX "notification_deliveries_due" ON "notification_deliveries" USING btree (coalesce("attempt_until", "due_at")) WHERE state in ('waiting', 'sending');--> statement-breakpoint
CREATE INDEX "notification_deliveries_held" ON "notification_deliveries" USING btree ("channel_id","incident") WHERE held and state = 'waiting';--> statement-breakpoint
CREATE INDEX "notification_deliveries_trim" ON "notification_deliveries" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "notification_deliveries_by_at" ON "notification_deliveries" USING btree ("workspace_id","created_at","id") WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_deliveries_by_channel" ON "notification_deliveries" USING btree ("workspace_id","channel_name","id") WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_deliveries_by_kind" ON "notification_deliveries" USING btree ("workspace_id","kind","id") WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_deliveries_by_state" ON "notification_deliveries" USING btree ("workspace_id","state","id") WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_deliveries_by_title" ON "notification_deliveries" USING btree ("workspace_id","title","id") WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_deliveries_search" ON "notification_deliveries" USING gin ("search" gin_trgm_ops) WITH (fastupdate=false) WHERE member_id is null;--> statement-breakpoint
CREATE INDEX "notification_incidents_look" ON "notification_incidents" USING btree ("look_at");--> statement-breakpoint
-- What is to be looked at, written in the transaction of the fact and only where somebody may be told. The worker reads it, sees
-- what is true now, and tells whoever wants to know (server/services/notifications).
CREATE FUNCTION note_for_notification(of_workspace text, about_what text, which text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO notification_outbox (workspace_id, about, cause)
  SELECT of_workspace, about_what, which
  WHERE EXISTS (SELECT FROM notification_channels WHERE workspace_id = of_workspace)
$$;
--> statement-breakpoint
-- An attention row as what is told of: each question of a cutover is one, else each cause.
CREATE FUNCTION note_attention(r attention) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_for_notification(r.workspace_id, r.kind, CASE r.kind
    WHEN 'cutover' THEN r.subject_id || '/' || coalesce(extract(epoch FROM r.since)::bigint, 0)
    ELSE r.cause END);
  -- A target for which runs fail is out of order.
  IF r.subject_kind = 'job' AND r.cause LIKE 'aws-%' THEN
    PERFORM note_for_notification(r.workspace_id, 'target', job.target_id) FROM replication_jobs job WHERE job.id = r.subject_id;
  END IF;
END;
$$;
--> statement-breakpoint
CREATE FUNCTION notify_of_attention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM note_attention(OLD); END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND
    (OLD.kind, OLD.cause, OLD.since, OLD.workspace_id) IS DISTINCT FROM (NEW.kind, NEW.cause, NEW.since, NEW.workspace_id))
  THEN PERFORM note_attention(NEW); END IF;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER attention_notified AFTER INSERT OR UPDATE OR DELETE ON attention
  FOR EACH ROW EXECUTE FUNCTION notify_of_attention();
--> statement-breakpoint
CREATE FUNCTION notify_of_connector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_for_notification(NEW.workspace_id, 'connector', NEW.id);
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER connectors_notified AFTER UPDATE ON connectors FOR EACH ROW
  WHEN ((OLD.status, OLD.disassociated_at) IS DISTINCT FROM (NEW.status, NEW.disassociated_at))
  EXECUTE FUNCTION notify_of_connector();
--> statement-breakpoint
CREATE FUNCTION notify_of_target() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_for_notification(target.workspace_id, 'target', target.id) FROM aws_targets target
    WHERE target.id = to_jsonb(NEW) ->> TG_ARGV[0];
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER target_tests_notified AFTER INSERT OR UPDATE ON target_tests
  FOR EACH ROW EXECUTE FUNCTION notify_of_target('target_id');
--> statement-breakpoint
CREATE TRIGGER aws_targets_notified AFTER UPDATE ON aws_targets FOR EACH ROW
  WHEN ((OLD.revision, OLD.sign_in_version, OLD.retired_at) IS DISTINCT FROM (NEW.revision, NEW.sign_in_version, NEW.retired_at))
  EXECUTE FUNCTION notify_of_target('id');
--> statement-breakpoint
-- What happened once, for machines: as SMS told its events.
CREATE FUNCTION notify_of_job_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO notification_outbox (workspace_id, about, cause)
  SELECT NEW.workspace_id, 'job-state', TG_ARGV[0] || '/' || NEW.id
  WHERE EXISTS (
    SELECT FROM notification_channels WHERE workspace_id = NEW.workspace_id AND enabled AND kinds ? 'job-state-change'
  );
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER replication_runs_notified AFTER UPDATE ON replication_runs FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND NEW.state IN ('completed', 'failed'))
  EXECUTE FUNCTION notify_of_job_state('run');
--> statement-breakpoint
CREATE TRIGGER replication_jobs_notified AFTER UPDATE ON replication_jobs FOR EACH ROW
  WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
  EXECUTE FUNCTION notify_of_job_state('job');
