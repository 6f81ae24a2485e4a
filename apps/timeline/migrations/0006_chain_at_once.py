"""Number and hash an event while it is inserted, where a transaction says that its events come last; judge records cheaply.

`app.chain_at_once` is set to "on" for a transaction that inserts its events right before its COMMIT. There the head is
locked as briefly as by the deferred trigger, and each row is written once instead of twice.
"""

from django.db import migrations, models

CHAIN = """
CREATE OR REPLACE FUNCTION timeline_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  head timeline_head;
  what text;
BEGIN
  IF TG_WHEN = 'BEFORE' THEN
    NEW.transaction := pg_current_xact_id()::text::bigint;
    IF current_setting('app.chain_at_once', true) IS DISTINCT FROM 'on' THEN
      NEW.seq := NULL; NEW.recorded_at := NULL; NEW.body := NULL; NEW.previous_hash := NULL; NEW.hash := NULL;
      RETURN NEW;
    END IF;
  END IF;
  SELECT * INTO head FROM timeline_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO timeline_head (organisation_id, seq, hash)
      VALUES (NEW.organisation_id, 0, sha256(convert_to(NEW.organisation_id::text, 'UTF8'))) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM timeline_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
  END IF;
  what := jsonb_build_object(
    'id', NEW.id, 'kind', NEW.kind, 'text', NEW.text, 'details', NEW.details, 'visibility', NEW.visibility,
    'actor', NEW.actor_id, 'actor_name', NEW.actor_name, 'subject_kind', NEW.subject_kind, 'subject_id', NEW.subject_id,
    'incident', NEW.incident_id, 'revises', NEW.revises_id,
    'occurred_at', (extract(epoch from NEW.occurred_at) * 1000000)::bigint)::text;
  NEW.seq := head.seq + 1;
  NEW.recorded_at := clock_timestamp();
  NEW.body := what;
  NEW.previous_hash := head.hash;
  NEW.hash := sha256(head.hash || int8send(NEW.seq) || sha256(convert_to(what, 'UTF8'))
    || convert_to(NEW.actor_name, 'UTF8') || int8send((extract(epoch from NEW.recorded_at) * 1000000)::bigint));
  UPDATE timeline_head SET seq = NEW.seq, hash = NEW.hash WHERE organisation_id = NEW.organisation_id;
  PERFORM pg_notify('timeline', NEW.organisation_id::text);
  IF TG_WHEN = 'AFTER' THEN
    UPDATE timeline_event SET seq = NEW.seq, recorded_at = NEW.recorded_at, body = NEW.body,
      previous_hash = NEW.previous_hash, hash = NEW.hash WHERE id = NEW.id;
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER event_is_chained ON timeline_event;
CREATE CONSTRAINT TRIGGER event_is_chained AFTER INSERT ON timeline_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.seq IS NULL) EXECUTE FUNCTION timeline_chain();
DROP TRIGGER event_is_stamped ON timeline_event;
CREATE TRIGGER event_is_stamped BEFORE INSERT ON timeline_event FOR EACH ROW EXECUTE FUNCTION timeline_chain();
DROP FUNCTION timeline_stamp();

-- For transactions that are sent without asking first: they say what they take for granted.
CREATE FUNCTION demand_as_known(known boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF known IS NOT TRUE THEN RAISE EXCEPTION 'It is not as it was known.' USING ERRCODE = 'RG020'; END IF;
  RETURN true;
END $$;

-- The events are found by the transaction alone: whatever the planner believes of a young table, it cannot choose to
-- read all events of the organisation.
CREATE OR REPLACE FUNCTION demand_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  mine bigint;
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW)->>'state' IS NOT DISTINCT FROM to_jsonb(OLD)->>'state'
     AND to_jsonb(NEW)->>'lifted_at' IS NOT DISTINCT FROM to_jsonb(OLD)->>'lifted_at' THEN
    RETURN NULL;
  END IF;
  mine := pg_current_xact_id()::text::bigint;
  IF NOT EXISTS (SELECT 1 FROM (SELECT organisation_id FROM timeline_event WHERE transaction = mine OFFSET 0) told
                 WHERE told.organisation_id = NEW.organisation_id) THEN
    RAISE EXCEPTION 'A change of % was not recorded.', TG_TABLE_NAME USING ERRCODE = 'RG012';
  END IF;
  RETURN NULL;
END $$;
"""

UNCHAIN = """
DROP FUNCTION demand_as_known(boolean);
CREATE FUNCTION timeline_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.transaction := pg_current_xact_id()::text::bigint;
  NEW.seq := NULL; NEW.recorded_at := NULL; NEW.body := NULL; NEW.previous_hash := NULL; NEW.hash := NULL;
  RETURN NEW;
END $$;
DROP TRIGGER event_is_stamped ON timeline_event;
CREATE TRIGGER event_is_stamped BEFORE INSERT ON timeline_event FOR EACH ROW EXECUTE FUNCTION timeline_stamp();
DROP TRIGGER event_is_chained ON timeline_event;
CREATE CONSTRAINT TRIGGER event_is_chained AFTER INSERT ON timeline_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION timeline_chain();
"""


class Migration(migrations.Migration):
    dependencies = [("timeline", "0005_fewer_indexes")]
    operations = [
        migrations.RunSQL(CHAIN, UNCHAIN),
        migrations.RemoveIndex(model_name="event", name="events_of_a_transaction"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["transaction"], name="events_of_a_transaction"),
        ),
    ]
