"""The promises of a run, kept by Postgres: quorum at the start, fence, order, freeze, final states, a record of each move.

Error codes: RG001 frozen, RG002 stale fence, RG003 wrong state, RG004 out of order, RG005 born wrong, RG006 wrong move,
RG007 identity changed, RG008 fence went back, RG009 votes missing, RG010 rejected, RG011 never changes, RG012 not recorded,
RG013 final.
"""

from django.db import migrations

RULES = """
ALTER TABLE rollbacks_rollback ADD CONSTRAINT a_rollback_runs_its_plan
  FOREIGN KEY (organisation_id, plan_id, plan_hash) REFERENCES rollbacks_plan (organisation_id, id, hash);
ALTER TABLE rollbacks_rollback ADD CONSTRAINT a_rollback_is_asked_by_its_plan
  FOREIGN KEY (organisation_id, question_id, plan_hash) REFERENCES approvals_question (organisation_id, id, content_hash);

CREATE TRIGGER plan_never_changes BEFORE UPDATE OR DELETE ON rollbacks_plan FOR EACH ROW EXECUTE FUNCTION never_changes();
CREATE TRIGGER attempt_is_never_deleted BEFORE DELETE ON rollbacks_attempt FOR EACH ROW EXECUTE FUNCTION never_changes();
CREATE TRIGGER late_evidence_never_changes BEFORE UPDATE OR DELETE ON rollbacks_attemptevidence
  FOR EACH ROW EXECUTE FUNCTION never_changes();

CREATE FUNCTION rollback_moves() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER rollback_moves BEFORE INSERT OR UPDATE ON rollbacks_rollback FOR EACH ROW EXECUTE FUNCTION rollback_moves();

CREATE FUNCTION gate_intent() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER gate_intent BEFORE INSERT ON rollbacks_attempt FOR EACH ROW EXECUTE FUNCTION gate_intent();

CREATE FUNCTION fence_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER fence_outcome BEFORE UPDATE ON rollbacks_attempt FOR EACH ROW EXECUTE FUNCTION fence_outcome();

CREATE CONSTRAINT TRIGGER rollback_is_recorded AFTER INSERT OR UPDATE ON rollbacks_rollback
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
CREATE CONSTRAINT TRIGGER step_is_recorded AFTER INSERT OR UPDATE ON rollbacks_step
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
CREATE CONSTRAINT TRIGGER attempt_is_recorded AFTER INSERT OR UPDATE ON rollbacks_attempt
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
"""

UNRULE = """
DROP TRIGGER attempt_is_recorded ON rollbacks_attempt;
DROP TRIGGER step_is_recorded ON rollbacks_step;
DROP TRIGGER rollback_is_recorded ON rollbacks_rollback;
DROP TRIGGER fence_outcome ON rollbacks_attempt;
DROP TRIGGER gate_intent ON rollbacks_attempt;
DROP TRIGGER rollback_moves ON rollbacks_rollback;
DROP TRIGGER late_evidence_never_changes ON rollbacks_attemptevidence;
DROP TRIGGER attempt_is_never_deleted ON rollbacks_attempt;
DROP TRIGGER plan_never_changes ON rollbacks_plan;
DROP FUNCTION fence_outcome(), gate_intent(), rollback_moves();
ALTER TABLE rollbacks_rollback DROP CONSTRAINT a_rollback_is_asked_by_its_plan;
ALTER TABLE rollbacks_rollback DROP CONSTRAINT a_rollback_runs_its_plan;
"""


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0001_initial"), ("approvals", "0003_rules"), ("timeline", "0003_chain")]
    operations = [migrations.RunSQL(RULES, UNRULE)]
