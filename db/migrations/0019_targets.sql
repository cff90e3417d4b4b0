CREATE TABLE "aws_target_places" (
	"target_id" text NOT NULL,
	"revision" integer NOT NULL,
	"account" text,
	"partition" text DEFAULT 'aws' NOT NULL,
	"region" text NOT NULL,
	"bucket" text NOT NULL,
	"prefix" text DEFAULT 'landfall/' NOT NULL,
	"endpoints" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"import_role" text,
	"awaits_environment" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "aws_target_places_target_id_revision_pk" PRIMARY KEY("target_id","revision")
);--> statement-breakpoint
CREATE TABLE "aws_targets" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"transfer" text DEFAULT 's3' NOT NULL,
	"transport" text DEFAULT 'auto' NOT NULL,
	"verification" text DEFAULT 'sampled' NOT NULL,
	"encrypted" boolean DEFAULT false NOT NULL,
	"kms_key_arn" text,
	"tags" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_by" text,
	"changed_at" timestamp with time zone
);--> statement-breakpoint
-- Nothing may be left to the end of the transaction when a table is altered.
SET CONSTRAINTS ALL IMMEDIATE;--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "target_revision" integer;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "target_revision" integer;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "target_revision" integer;--> statement-breakpoint
ALTER TABLE "baselines" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "baselines" ADD COLUMN "target_revision" integer;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD COLUMN "target_id" text;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD COLUMN "target_revision" integer;--> statement-breakpoint
ALTER TABLE "aws_target_places" ADD CONSTRAINT "aws_target_places_target_id_aws_targets_id_fk" FOREIGN KEY ("target_id") REFERENCES "public"."aws_targets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD CONSTRAINT "aws_targets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "aws_targets_name" ON "aws_targets" USING btree ("workspace_id",lower(name));--> statement-breakpoint
-- What there is gets the target that its workspace had. Which that was only the environment knows: its Region and bucket stand with
-- every run that went there, oldest first, and the rest is written at the next start (services/targets/from-environment.ts).
INSERT INTO aws_targets (id, workspace_id, name, transfer, transport, verification, encrypted, kms_key_arn, created_by, changed_by, changed_at)
SELECT 'target-' || left(md5('target of ' || w.id), 17), w.id, 'Main', coalesce(s.transfer, 's3'), coalesce(s.transport, 'auto'),
  coalesce(s.verification, 'sampled'), coalesce(s.encrypted, false), s.kms_key_arn, 'system', s.changed_by, s.changed_at
FROM workspaces w LEFT JOIN target_settings s ON s.workspace_id = w.id
WHERE s.workspace_id IS NOT NULL OR EXISTS (SELECT FROM replication_jobs j WHERE j.workspace_id = w.id);--> statement-breakpoint
INSERT INTO aws_target_places (target_id, revision, partition, region, bucket, awaits_environment)
SELECT t.id, row_number() OVER (PARTITION BY t.id ORDER BY run.latest),
  CASE WHEN run.region LIKE 'cn-%' THEN 'aws-cn' WHEN run.region LIKE 'us-gov-%' THEN 'aws-us-gov' ELSE 'aws' END,
  coalesce(run.region, ''), coalesce(run.bucket, ''), true
FROM aws_targets t LEFT JOIN (
  SELECT workspace_id, coalesce(settings #>> '{target,region}', '') region, coalesce(settings #>> '{target,bucket}', '') bucket,
    max(created_at) latest
  FROM replication_runs GROUP BY 1, 2, 3
) run ON run.workspace_id = t.workspace_id;--> statement-breakpoint
UPDATE aws_targets t SET revision = (SELECT max(p.revision) FROM aws_target_places p WHERE p.target_id = t.id);--> statement-breakpoint
UPDATE replication_jobs j SET target_id = t.id FROM aws_targets t WHERE t.workspace_id = j.workspace_id;--> statement-breakpoint
UPDATE replication_runs r SET target_id = p.target_id, target_revision = p.revision
FROM aws_targets t JOIN aws_target_places p ON p.target_id = t.id
WHERE t.workspace_id = r.workspace_id AND p.region = coalesce(r.settings #>> '{target,region}', '')
  AND p.bucket = coalesce(r.settings #>> '{target,bucket}', '');--> statement-breakpoint
UPDATE images i SET target_id = r.target_id, target_revision = r.target_revision FROM replication_runs r WHERE r.id = i.run_id;--> statement-breakpoint
UPDATE instances i SET target_id = m.target_id, target_revision = m.target_revision FROM images m WHERE m.id = i.image_id;--> statement-breakpoint
UPDATE baselines b SET target_id = r.target_id, target_revision = r.target_revision FROM replication_runs r WHERE r.id = b.run_id;--> statement-breakpoint
UPDATE artifacts a SET target_id = r.target_id, target_revision = r.target_revision FROM replication_runs r WHERE r.id = a.run_id;--> statement-breakpoint
ALTER TABLE "replication_jobs" ALTER COLUMN "target_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "replication_runs" ALTER COLUMN "target_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "replication_runs" ALTER COLUMN "target_revision" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "images" ALTER COLUMN "target_id" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "images" ALTER COLUMN "target_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "images" ALTER COLUMN "target_revision" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "images" ALTER COLUMN "target_revision" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ALTER COLUMN "target_id" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "instances" ALTER COLUMN "target_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ALTER COLUMN "target_revision" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "instances" ALTER COLUMN "target_revision" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "baselines" ALTER COLUMN "target_id" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "baselines" ALTER COLUMN "target_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "baselines" ALTER COLUMN "target_revision" SET DEFAULT 0;--> statement-breakpoint
ALTER TABLE "baselines" ALTER COLUMN "target_revision" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "images" ADD CONSTRAINT "images_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "baselines" ADD CONSTRAINT "baselines_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_jobs" ADD CONSTRAINT "replication_jobs_target_id_aws_targets_id_fk" FOREIGN KEY ("target_id") REFERENCES "public"."aws_targets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replication_runs" ADD CONSTRAINT "replication_runs_target_place" FOREIGN KEY ("target_id","target_revision") REFERENCES "public"."aws_target_places"("target_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- What a run makes lies where the run goes, whoever writes it down; an instance where its AMI is.
CREATE FUNCTION take_target_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT target_id, target_revision INTO NEW.target_id, NEW.target_revision FROM replication_runs WHERE id = NEW.run_id;
  RETURN NEW;
END;
$$;
CREATE TRIGGER images_target BEFORE INSERT OR UPDATE OF run_id ON "images"
  FOR EACH ROW EXECUTE FUNCTION take_target_of_run();
CREATE TRIGGER baselines_target BEFORE INSERT OR UPDATE OF run_id ON "baselines"
  FOR EACH ROW EXECUTE FUNCTION take_target_of_run();
CREATE TRIGGER artifacts_target BEFORE INSERT OR UPDATE OF run_id ON "artifacts"
  FOR EACH ROW EXECUTE FUNCTION take_target_of_run();--> statement-breakpoint
CREATE FUNCTION take_target_of_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT target_id, target_revision INTO NEW.target_id, NEW.target_revision FROM images WHERE id = NEW.image_id;
  RETURN NEW;
END;
$$;
CREATE TRIGGER instances_target BEFORE INSERT OR UPDATE OF image_id ON "instances"
  FOR EACH ROW EXECUTE FUNCTION take_target_of_image();--> statement-breakpoint
DROP TABLE "target_settings";--> statement-breakpoint
SET CONSTRAINTS ALL DEFERRED;
