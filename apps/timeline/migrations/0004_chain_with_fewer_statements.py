"""Chain an event with three statements instead of four, and compare its row without a detour by JSON."""

from django.db import migrations

CHAIN = """
CREATE OR REPLACE FUNCTION timeline_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  head timeline_head;
  moment timestamptz;
  what text;
  link bytea;
BEGIN
  SELECT * INTO head FROM timeline_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO timeline_head (organisation_id, seq, hash)
      VALUES (NEW.organisation_id, 0, sha256(convert_to(NEW.organisation_id::text, 'UTF8'))) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM timeline_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
  END IF;
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

CREATE OR REPLACE FUNCTION timeline_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unchained timeline_event;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL THEN
    unchained := NEW;
    unchained.seq := NULL; unchained.recorded_at := OLD.recorded_at; unchained.body := OLD.body;
    unchained.previous_hash := OLD.previous_hash; unchained.hash := OLD.hash;
    IF unchained IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'The record is append-only.' USING ERRCODE = 'RG011';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("timeline", "0003_chain")]
    operations = [migrations.RunSQL(CHAIN, migrations.RunSQL.noop)]
