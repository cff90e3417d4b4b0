-- Readers follow one workspace at a time, so only the commits of one workspace need an order among themselves: whoever is long
-- over a commit holds up nobody else's. Everything else is as 0004_events_in_order.sql says.
CREATE OR REPLACE FUNCTION put_event_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7306212, hashtext(NEW.workspace_id));
  UPDATE events SET id = nextval('events_id_seq') WHERE id = NEW.id;
  PERFORM pg_notify('landfall_events', NEW.workspace_id);
  RETURN NULL;
END;
$$;
