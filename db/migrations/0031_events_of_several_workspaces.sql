-- A transaction that tells several workspaces takes their turns in one order, whichever it told first: two that told the same ones each
-- in its own order waited for each other at the commit. Which they are is noted when the rows are written.
CREATE FUNCTION note_workspaces_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  noted text := coalesce(current_setting('landfall.events_of', true), '');
  told text;
BEGIN
  FOR told IN SELECT DISTINCT workspace_id FROM added LOOP
    IF NOT told = ANY (string_to_array(noted, ' ')) THEN
      noted := ltrim(noted || ' ' || told);
      PERFORM set_config('landfall.events_of', noted, true);
    END IF;
  END LOOP;
  RETURN NULL;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER note_workspaces AFTER INSERT ON "events" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION note_workspaces_of_events();
--> statement-breakpoint
CREATE OR REPLACE FUNCTION put_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  turn integer;
BEGIN
  -- By the number of the lock: two workspaces may share one.
  FOR turn IN SELECT DISTINCT hashtext(told) FROM unnest(
    string_to_array(coalesce(current_setting('landfall.events_of', true), ''), ' ') || NEW.workspace_id) told ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(7306212, turn);
  END LOOP;
  UPDATE events SET id = nextval('events_id_seq') WHERE id = NEW.id;
  PERFORM pg_notify('landfall_events', NEW.workspace_id);
  RETURN NULL;
END;
$$;
