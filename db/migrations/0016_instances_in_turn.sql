DROP INDEX "instances_watched";--> statement-breakpoint
DROP INDEX "instances_unsettled";--> statement-breakpoint
CREATE INDEX "instances_standing" ON "instances" USING btree ("launched_at","id") WHERE terminated_at is null and instance_id is not null;--> statement-breakpoint
CREATE INDEX "instances_changing" ON "instances" USING btree ("launched_at","id") WHERE terminated_at is null and instance_id is not null and (state not in ('running', 'stopped') or (state = 'running' and checks_passed_at is null));--> statement-breakpoint
ALTER TABLE "instances" DROP COLUMN "checked_at";