CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"address" text,
	"user_agent" text
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id","last_seen_at");--> statement-breakpoint
CREATE INDEX "sessions_over" ON "sessions" USING btree (least("ended_at", "expires_at"));--> statement-breakpoint
-- Whoever follows something for a session hears that it may be over: whichever verb ended the session, removed the member,
-- changed the role or raised the version. Payload: the user's id.
CREATE FUNCTION tell_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    PERFORM pg_notify('landfall_sessions', NEW.id);
  ELSE
    PERFORM pg_notify('landfall_sessions', NEW.user_id);
  END IF;
  RETURN NULL;
END;
$$;--> statement-breakpoint
CREATE TRIGGER sessions_told AFTER UPDATE OF ended_at ON "sessions"
  FOR EACH ROW WHEN (NEW.ended_at IS DISTINCT FROM OLD.ended_at) EXECUTE FUNCTION tell_of_sessions();--> statement-breakpoint
CREATE TRIGGER members_told AFTER UPDATE OF removed_at, role ON "members"
  FOR EACH ROW WHEN ((NEW.removed_at, NEW.role) IS DISTINCT FROM (OLD.removed_at, OLD.role))
  EXECUTE FUNCTION tell_of_sessions();--> statement-breakpoint
CREATE TRIGGER users_told AFTER UPDATE OF session_version ON "users"
  FOR EACH ROW WHEN (NEW.session_version IS DISTINCT FROM OLD.session_version) EXECUTE FUNCTION tell_of_sessions();
