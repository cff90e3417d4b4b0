CREATE TABLE "image_copies" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"image_id" text NOT NULL,
	"kind" text NOT NULL,
	"account" text,
	"region" text NOT NULL,
	"target_id" text NOT NULL,
	"target_revision" integer NOT NULL,
	"kms_key_arn" text,
	"encrypted" boolean DEFAULT false NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"fault" jsonb,
	"artifact_id" text,
	"copy_image_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"not_before" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "copies" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "copies_available" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "copies_failed" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "distribution" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "image_copies" ADD CONSTRAINT "image_copies_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "image_copies" ADD CONSTRAINT "image_copies_image_id_images_id_fk" FOREIGN KEY ("image_id") REFERENCES "public"."images"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "image_copies" ADD CONSTRAINT "image_copies_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "image_copies_image" ON "image_copies" USING btree ("image_id");--> statement-breakpoint
CREATE INDEX "image_copies_target" ON "image_copies" USING btree ("target_id");--> statement-breakpoint
CREATE INDEX "image_copies_artifact" ON "image_copies" USING btree ("artifact_id") WHERE artifact_id is not null;--> statement-breakpoint
CREATE INDEX "image_copies_due" ON "image_copies" USING btree ("not_before") WHERE state in ('pending', 'copying');--> statement-breakpoint
-- A copy names its place itself: it may be made by another target than the run's.
CREATE OR REPLACE FUNCTION take_target_of_run_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.run_id IS NOT NULL AND NEW.kind <> 'image-copy' THEN
    SELECT target_id, target_revision INTO NEW.target_id, NEW.target_revision FROM replication_runs WHERE id = NEW.run_id;
  END IF;
  RETURN NEW;
END;
$$;--> statement-breakpoint
CREATE FUNCTION keep_image_copies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Two that change at once are counted one after the other.
  PERFORM 1 FROM images WHERE id = NEW.image_id FOR NO KEY UPDATE;
  UPDATE images i SET copies = c.all_of_them, copies_available = c.available, copies_failed = c.failed
  FROM (
    SELECT count(*) FILTER (WHERE state <> 'released') AS all_of_them,
      count(*) FILTER (WHERE state = 'available') AS available,
      count(*) FILTER (WHERE state = 'failed') AS failed
    FROM image_copies WHERE image_id = NEW.image_id
  ) c WHERE i.id = NEW.image_id;
  RETURN NULL;
END;
$$;--> statement-breakpoint
CREATE TRIGGER image_copies_kept AFTER INSERT OR UPDATE OF state ON "image_copies"
  FOR EACH ROW EXECUTE FUNCTION keep_image_copies();
