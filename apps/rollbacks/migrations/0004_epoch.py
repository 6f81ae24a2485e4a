"""Older code takes no run (RG014), an attempt knows which process may send it, and only a running step is sent."""

from django.db import migrations, models

RULES = """
CREATE FUNCTION rollbacks_schema_epoch() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';

CREATE OR REPLACE FUNCTION rollback_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state = 'queued' THEN
      PERFORM consume_votes(NEW.organisation_id, NEW.question_id, NEW.plan_hash);
    ELSIF NEW.state <> 'awaiting_approval' THEN
      RAISE EXCEPTION 'A rollback cannot be born %.', NEW.state USING ERRCODE = 'RG005';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.fence < OLD.fence THEN RAISE EXCEPTION 'A fence never goes back.' USING ERRCODE = 'RG008'; END IF;
  IF NEW.fence <> OLD.fence AND NEW.lease_epoch IS DISTINCT FROM rollbacks_schema_epoch() THEN
    RAISE EXCEPTION 'Code of schema epoch % takes no run of epoch %.', NEW.lease_epoch, rollbacks_schema_epoch()
      USING ERRCODE = 'RG014';
  END IF;
  IF NEW.state <> OLD.state AND OLD.state IN ('succeeded','failed','cancelled','rejected','expired') THEN
    RAISE EXCEPTION 'A rollback that is % stays so.', OLD.state USING ERRCODE = 'RG013';
  END IF;
  IF OLD.state <> 'awaiting_approval' AND NEW.plan_hash <> OLD.plan_hash THEN
    RAISE EXCEPTION 'A started rollback keeps its plan.' USING ERRCODE = 'RG011';
  END IF;
  IF (NEW.requester_id, NEW.environment_id, NEW.organisation_id) IS DISTINCT FROM
     (OLD.requester_id, OLD.environment_id, OLD.organisation_id) THEN
    RAISE EXCEPTION 'A rollback keeps its requester and its environment.' USING ERRCODE = 'RG007';
  END IF;
  IF OLD.state = 'awaiting_approval' AND NEW.state <> OLD.state THEN
    IF NEW.state = 'queued' THEN
      PERFORM consume_votes(NEW.organisation_id, NEW.question_id, NEW.plan_hash);
    ELSIF NEW.state NOT IN ('rejected','expired','cancelled') THEN
      RAISE EXCEPTION 'An unapproved rollback cannot become %.', NEW.state USING ERRCODE = 'RG003';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION fence_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest bigint;
  mine bigint := nullif(current_setting('app.fence', true), '')::bigint;
BEGIN
  SELECT fence INTO newest FROM rollbacks_rollback
    WHERE organisation_id = NEW.organisation_id AND id = NEW.rollback_id FOR NO KEY UPDATE;
  IF mine IS NULL OR newest <> mine THEN
    RAISE EXCEPTION 'The fence % is not the newest (%).', mine, newest USING ERRCODE = 'RG002';
  END IF;
  IF NEW.state <> OLD.state AND NOT (
      (OLD.state = 'in_flight' AND NEW.state IN ('ambiguous','succeeded','rejected','not_sent')) OR
      (OLD.state = 'ambiguous' AND NEW.state IN ('reconciled_applied','reconciled_not_applied','conflict'))) THEN
    RAISE EXCEPTION 'An attempt cannot go from % to %.', OLD.state, NEW.state USING ERRCODE = 'RG006';
  END IF;
  IF (NEW.id, NEW.rollback_id, NEW.step_id, NEW.position, NEW.number, NEW.kind, NEW.part, NEW.fence, NEW.owner, NEW.idempotency_key, NEW.request_digest)
     IS DISTINCT FROM
     (OLD.id, OLD.rollback_id, OLD.step_id, OLD.position, OLD.number, OLD.kind, OLD.part, OLD.fence, OLD.owner, OLD.idempotency_key, OLD.request_digest) THEN
    RAISE EXCEPTION 'An attempt keeps its identity.' USING ERRCODE = 'RG007';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION gate_intent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  run rollbacks_rollback;
  stopped boolean;
  mine bigint := nullif(current_setting('app.fence', true), '')::bigint;
BEGIN
  SELECT f.frozen INTO stopped FROM deployments_freezeswitch f
    JOIN rollbacks_rollback r ON r.organisation_id = f.organisation_id AND r.environment_id = f.environment_id
    WHERE r.organisation_id = NEW.organisation_id AND r.id = NEW.rollback_id FOR SHARE OF f;
  IF stopped IS DISTINCT FROM false THEN RAISE EXCEPTION 'Rollbacks are frozen here.' USING ERRCODE = 'RG001'; END IF;
  SELECT * INTO run FROM rollbacks_rollback
    WHERE organisation_id = NEW.organisation_id AND id = NEW.rollback_id FOR NO KEY UPDATE;
  IF mine IS NULL OR run.fence <> mine OR NEW.fence <> mine THEN
    RAISE EXCEPTION 'The fence % is not the newest (%).', mine, run.fence USING ERRCODE = 'RG002';
  END IF;
  IF run.state <> 'running' OR (NEW.kind = 'apply' AND (run.cancel_requested OR run.pause_requested OR run.compensating))
     OR (NEW.kind = 'compensate' AND NOT run.compensating) THEN
    RAISE EXCEPTION 'No new intent while the rollback is %.', run.state USING ERRCODE = 'RG003';
  END IF;
  IF NEW.kind = 'apply' AND EXISTS (SELECT 1 FROM rollbacks_step s
      WHERE s.organisation_id = NEW.organisation_id AND s.rollback_id = NEW.rollback_id AND s.position < NEW.position
      AND s.state NOT IN ('succeeded','skipped') AND NOT (s.state = 'failed' AND s.on_failure = 'continue')) THEN
    RAISE EXCEPTION 'Steps go in order.' USING ERRCODE = 'RG004';
  END IF;
  IF NEW.kind = 'apply' AND NOT EXISTS (SELECT 1 FROM rollbacks_step s WHERE s.organisation_id = NEW.organisation_id
      AND s.id = NEW.step_id AND s.rollback_id = NEW.rollback_id AND s.state = 'running') THEN
    RAISE EXCEPTION 'No new intent for a step that is not running.' USING ERRCODE = 'RG003';
  END IF;
  IF NEW.state <> 'in_flight' THEN RAISE EXCEPTION 'An attempt is born in flight.' USING ERRCODE = 'RG005'; END IF;
  RETURN NEW;
END $$;
"""

UNRULE = """
CREATE OR REPLACE FUNCTION rollback_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state = 'queued' THEN
      PERFORM consume_votes(NEW.organisation_id, NEW.question_id, NEW.plan_hash);
    ELSIF NEW.state <> 'awaiting_approval' THEN
      RAISE EXCEPTION 'A rollback cannot be born %.', NEW.state USING ERRCODE = 'RG005';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.fence < OLD.fence THEN RAISE EXCEPTION 'A fence never goes back.' USING ERRCODE = 'RG008'; END IF;
  IF NEW.state <> OLD.state AND OLD.state IN ('succeeded','failed','cancelled','rejected','expired') THEN
    RAISE EXCEPTION 'A rollback that is % stays so.', OLD.state USING ERRCODE = 'RG013';
  END IF;
  IF OLD.state <> 'awaiting_approval' AND NEW.plan_hash <> OLD.plan_hash THEN
    RAISE EXCEPTION 'A started rollback keeps its plan.' USING ERRCODE = 'RG011';
  END IF;
  IF (NEW.requester_id, NEW.environment_id, NEW.organisation_id) IS DISTINCT FROM
     (OLD.requester_id, OLD.environment_id, OLD.organisation_id) THEN
    RAISE EXCEPTION 'A rollback keeps its requester and its environment.' USING ERRCODE = 'RG007';
  END IF;
  IF OLD.state = 'awaiting_approval' AND NEW.state <> OLD.state THEN
    IF NEW.state = 'queued' THEN
      PERFORM consume_votes(NEW.organisation_id, NEW.question_id, NEW.plan_hash);
    ELSIF NEW.state NOT IN ('rejected','expired','cancelled') THEN
      RAISE EXCEPTION 'An unapproved rollback cannot become %.', NEW.state USING ERRCODE = 'RG003';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION fence_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest bigint;
  mine bigint := nullif(current_setting('app.fence', true), '')::bigint;
BEGIN
  SELECT fence INTO newest FROM rollbacks_rollback
    WHERE organisation_id = NEW.organisation_id AND id = NEW.rollback_id FOR NO KEY UPDATE;
  IF mine IS NULL OR newest <> mine THEN
    RAISE EXCEPTION 'The fence % is not the newest (%).', mine, newest USING ERRCODE = 'RG002';
  END IF;
  IF NEW.state <> OLD.state AND NOT (
      (OLD.state = 'in_flight' AND NEW.state IN ('ambiguous','succeeded','rejected','not_sent')) OR
      (OLD.state = 'ambiguous' AND NEW.state IN ('reconciled_applied','reconciled_not_applied','conflict'))) THEN
    RAISE EXCEPTION 'An attempt cannot go from % to %.', OLD.state, NEW.state USING ERRCODE = 'RG006';
  END IF;
  IF (NEW.id, NEW.rollback_id, NEW.step_id, NEW.position, NEW.number, NEW.kind, NEW.part, NEW.fence, NEW.idempotency_key, NEW.request_digest)
     IS DISTINCT FROM
     (OLD.id, OLD.rollback_id, OLD.step_id, OLD.position, OLD.number, OLD.kind, OLD.part, OLD.fence, OLD.idempotency_key, OLD.request_digest) THEN
    RAISE EXCEPTION 'An attempt keeps its identity.' USING ERRCODE = 'RG007';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION gate_intent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  run rollbacks_rollback;
  stopped boolean;
  mine bigint := nullif(current_setting('app.fence', true), '')::bigint;
BEGIN
  SELECT f.frozen INTO stopped FROM deployments_freezeswitch f
    JOIN rollbacks_rollback r ON r.organisation_id = f.organisation_id AND r.environment_id = f.environment_id
    WHERE r.organisation_id = NEW.organisation_id AND r.id = NEW.rollback_id FOR SHARE OF f;
  IF stopped IS DISTINCT FROM false THEN RAISE EXCEPTION 'Rollbacks are frozen here.' USING ERRCODE = 'RG001'; END IF;
  SELECT * INTO run FROM rollbacks_rollback
    WHERE organisation_id = NEW.organisation_id AND id = NEW.rollback_id FOR NO KEY UPDATE;
  IF mine IS NULL OR run.fence <> mine OR NEW.fence <> mine THEN
    RAISE EXCEPTION 'The fence % is not the newest (%).', mine, run.fence USING ERRCODE = 'RG002';
  END IF;
  IF run.state <> 'running' OR (NEW.kind = 'apply' AND (run.cancel_requested OR run.pause_requested OR run.compensating))
     OR (NEW.kind = 'compensate' AND NOT run.compensating) THEN
    RAISE EXCEPTION 'No new intent while the rollback is %.', run.state USING ERRCODE = 'RG003';
  END IF;
  IF NEW.kind = 'apply' AND EXISTS (SELECT 1 FROM rollbacks_step s
      WHERE s.organisation_id = NEW.organisation_id AND s.rollback_id = NEW.rollback_id AND s.position < NEW.position
      AND s.state NOT IN ('succeeded','skipped') AND NOT (s.state = 'failed' AND s.on_failure = 'continue')) THEN
    RAISE EXCEPTION 'Steps go in order.' USING ERRCODE = 'RG004';
  END IF;
  IF NEW.state <> 'in_flight' THEN RAISE EXCEPTION 'An attempt is born in flight.' USING ERRCODE = 'RG005'; END IF;
  RETURN NEW;
END $$;

DROP FUNCTION rollbacks_schema_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0003_attempts_people_allow")]
    operations = [
        migrations.AddField("rollback", "lease_epoch", models.PositiveIntegerField(default=0)),
        migrations.AddField("attempt", "owner", models.CharField(blank=True, max_length=200)),
        migrations.RunSQL(RULES, UNRULE),
    ]
