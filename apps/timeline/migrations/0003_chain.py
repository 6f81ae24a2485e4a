"""Make the record append-only and chain it per organisation, inside the transaction of the change."""

from django.db import migrations

CHAIN = """
CREATE FUNCTION timeline_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.transaction := pg_current_xact_id()::text::bigint;
  NEW.seq := NULL; NEW.recorded_at := NULL; NEW.body := NULL; NEW.previous_hash := NULL; NEW.hash := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER event_is_stamped BEFORE INSERT ON timeline_event FOR EACH ROW EXECUTE FUNCTION timeline_stamp();

-- Runs at COMMIT: the head is locked last and briefly, so numbers become visible in their order.
CREATE FUNCTION timeline_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head timeline_head;
  moment timestamptz;
  what text;
  link bytea;
BEGIN
  INSERT INTO timeline_head (organisation_id, seq, hash)
    VALUES (NEW.organisation_id, 0, sha256(convert_to(NEW.organisation_id::text, 'UTF8'))) ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM timeline_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
  moment := clock_timestamp();
  what := jsonb_build_object(
    'id', NEW.id, 'kind', NEW.kind, 'text', NEW.text, 'details', NEW.details, 'visibility', NEW.visibility,
    'actor', NEW.actor_id, 'actor_name', NEW.actor_name, 'subject_kind', NEW.subject_kind, 'subject_id', NEW.subject_id,
    'incident', NEW.incident_id, 'revises', NEW.revises_id,
    'occurred_at', (extract(epoch from NEW.occurred_at) * 1000000)::bigint)::text;
  link := sha256(head.hash || int8send(head.seq + 1) || sha256(convert_to(what, 'UTF8'))
    || convert_to(NEW.actor_name, 'UTF8') || int8send((extract(epoch from moment) * 1000000)::bigint));
  UPDATE timeline_event SET seq = head.seq + 1, recorded_at = moment, body = what, previous_hash = head.hash, hash = link
    WHERE id = NEW.id;
  UPDATE timeline_head SET seq = head.seq + 1, hash = link WHERE organisation_id = NEW.organisation_id;
  PERFORM pg_notify('timeline', NEW.organisation_id::text);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER event_is_chained AFTER INSERT ON timeline_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION timeline_chain();

CREATE FUNCTION timeline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL
     AND (to_jsonb(OLD) - ARRAY['seq','recorded_at','body','previous_hash','hash'])
       = (to_jsonb(NEW) - ARRAY['seq','recorded_at','body','previous_hash','hash']) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'The record is append-only.' USING ERRCODE = 'RG011';
END $$;

CREATE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON timeline_event
  FOR EACH ROW EXECUTE FUNCTION timeline_append_only();

CREATE FUNCTION never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% never changes.', TG_TABLE_NAME USING ERRCODE = 'RG011';
END $$;

CREATE TRIGGER event_is_never_emptied BEFORE TRUNCATE ON timeline_event
  FOR EACH STATEMENT EXECUTE FUNCTION never_changes();

-- For tables whose state is somebody's deed: no commit without a record of the same transaction.
CREATE FUNCTION demand_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW)->>'state' IS NOT DISTINCT FROM to_jsonb(OLD)->>'state'
     AND to_jsonb(NEW)->>'lifted_at' IS NOT DISTINCT FROM to_jsonb(OLD)->>'lifted_at' THEN
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM timeline_event e WHERE e.organisation_id = NEW.organisation_id
                 AND e.transaction = pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'A change of % was not recorded.', TG_TABLE_NAME USING ERRCODE = 'RG012';
  END IF;
  RETURN NULL;
END $$;
"""

UNCHAIN = """
DROP TRIGGER event_is_never_emptied ON timeline_event;
DROP TRIGGER event_never_changes ON timeline_event;
DROP TRIGGER event_is_chained ON timeline_event;
DROP TRIGGER event_is_stamped ON timeline_event;
DROP FUNCTION demand_event(), never_changes(), timeline_append_only(), timeline_chain(), timeline_stamp();
"""


class Migration(migrations.Migration):
    dependencies = [("timeline", "0002_walls")]
    operations = [migrations.RunSQL(CHAIN, UNCHAIN)]
