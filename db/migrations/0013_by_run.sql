CREATE INDEX "images_run" ON "images" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "instances_run" ON "instances" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "tasks_power" ON "tasks" USING btree ("cutover_id","created_at") WHERE kind = 'power';