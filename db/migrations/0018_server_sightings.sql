CREATE TABLE "server_sightings" (
	"server_id" text PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL
);
--> statement-breakpoint
-- Imports that are under way go on: what they have not seen is gone at their end.
INSERT INTO server_sightings SELECT id, seen_in_task FROM servers
WHERE seen_in_task IN (SELECT id FROM tasks WHERE kind = 'import-catalog' AND state = 'open');--> statement-breakpoint
ALTER TABLE "servers" DROP COLUMN "seen_in_task";