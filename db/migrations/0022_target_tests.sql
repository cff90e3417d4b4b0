CREATE TABLE "target_tests" (
	"target_id" text PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"sign_in_version" integer NOT NULL,
	"tested_by" text NOT NULL,
	"tested_at" timestamp with time zone NOT NULL,
	"result" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "target_tests" ADD CONSTRAINT "target_tests_target_id_aws_targets_id_fk" FOREIGN KEY ("target_id") REFERENCES "public"."aws_targets"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
-- What a test of a target makes belongs to no run: it names its place itself.
CREATE FUNCTION take_target_of_run_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.run_id IS NOT NULL THEN
    SELECT target_id, target_revision INTO NEW.target_id, NEW.target_revision FROM replication_runs WHERE id = NEW.run_id;
  END IF;
  RETURN NEW;
END;
$$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER artifacts_target BEFORE INSERT OR UPDATE OF run_id ON "artifacts"
  FOR EACH ROW EXECUTE FUNCTION take_target_of_run_if_any();
