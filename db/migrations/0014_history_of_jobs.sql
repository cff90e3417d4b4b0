DROP INDEX "images_job";--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "job_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "instances_rehearsed" ON "instances" USING btree ("job_id","launched_at") WHERE purpose = 'test' and checks_passed_at is not null;--> statement-breakpoint
CREATE INDEX "cutovers_due" ON "cutovers" USING btree ("start_at") WHERE state = 'planned' and waiting_for is null;--> statement-breakpoint
CREATE INDEX "replication_jobs_connector" ON "replication_jobs" USING btree ("connector_id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "images_job" ON "images" USING btree ("job_id","created_at");--> statement-breakpoint
UPDATE instances SET job_id = run.job_id FROM replication_runs run WHERE run.id = instances.run_id;--> statement-breakpoint
CREATE FUNCTION take_job_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.job_id := coalesce((SELECT job_id FROM replication_runs WHERE id = NEW.run_id), '');
  RETURN NEW;
END;
$$;
CREATE TRIGGER instances_job BEFORE INSERT OR UPDATE OF run_id ON "instances"
  FOR EACH ROW EXECUTE FUNCTION take_job_of_run();
