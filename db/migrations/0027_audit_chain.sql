CREATE TABLE "audit_chain" (
	"workspace_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"audit_id" bigint NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"workspace_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"hash" text NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"key_id" text NOT NULL,
	"mac" text NOT NULL,
	CONSTRAINT "audit_seals_workspace_id_seq_kind_pk" PRIMARY KEY("workspace_id","seq","kind")
);
--> statement-breakpoint
ALTER TABLE "audit_seals" ADD CONSTRAINT "audit_seals_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- What a row of the audit trail is worth in the chain. The time as seconds, since how it is written out otherwise depends on the
-- session; documents as PostgreSQL itself keeps them, with their keys in one order.
CREATE FUNCTION audit_digest(previous text, entry audit) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(previous || jsonb_build_array(
    entry.id, entry.workspace_id, extract(epoch FROM entry.at), entry.actor_kind, entry.actor_id, entry.actor_name, entry.action,
    entry.subject_kind, entry.subject_id, entry.subject_name, entry.before, entry.after, entry.address
  )::text, 'UTF8')), 'hex')
$$;--> statement-breakpoint
-- At the commit, in the order of the commits. The lock is the one of the events: a transaction may have both, in either order.
CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last audit_chain;
BEGIN
  PERFORM pg_advisory_xact_lock(7306212, hashtext(NEW.workspace_id));
  SELECT * INTO last FROM audit_chain WHERE workspace_id = NEW.workspace_id ORDER BY seq DESC LIMIT 1;
  INSERT INTO audit_chain (workspace_id, seq, audit_id, hash)
    VALUES (NEW.workspace_id, coalesce(last.seq, 0) + 1, NEW.id, audit_digest(coalesce(last.hash, ''), NEW));
  RETURN NULL;
END;
$$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER audit_chained AFTER INSERT ON "audit"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_audit();--> statement-breakpoint
-- What there is already joins the chain in the order of its ids.
DO $$
DECLARE
  entry audit;
  last audit_chain;
BEGIN
  FOR entry IN SELECT * FROM audit ORDER BY workspace_id, id LOOP
    IF last.workspace_id IS DISTINCT FROM entry.workspace_id THEN
      last := ROW(entry.workspace_id, 0, 0, '')::audit_chain;
    END IF;
    last.seq := last.seq + 1;
    last.audit_id := entry.id;
    last.hash := audit_digest(last.hash, entry);
    INSERT INTO audit_chain SELECT last.*;
  END LOOP;
END;
$$;--> statement-breakpoint
-- After the rows, which are many in an old installation.
ALTER TABLE "audit_chain" ADD CONSTRAINT "audit_chain_workspace_id_seq_pk" PRIMARY KEY("workspace_id","seq");--> statement-breakpoint
ALTER TABLE "audit_chain" ADD CONSTRAINT "audit_chain_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_chain_audit" ON "audit_chain" USING btree ("audit_id");
