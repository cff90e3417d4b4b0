-- Events get their ids at the commit, one transaction after the other, so that ids become visible in ascending order:
-- a reader that has seen id n never meets a smaller new one. At the commit, because the order's lock is then held only as
-- long as the server needs, and never while a client is on its way. Then NOTIFY, as a hint for who listens.
CREATE FUNCTION put_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7306212);
  UPDATE events SET id = nextval('events_id_seq') WHERE id = NEW.id;
  PERFORM pg_notify('landfall_events', NEW.workspace_id);
  RETURN NULL;
END;
$$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER events_in_order AFTER INSERT ON "events"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION put_event_in_order();
