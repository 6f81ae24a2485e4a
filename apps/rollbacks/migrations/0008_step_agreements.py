"""A step whose plan names people begins only when these people have agreed to this step of this very plan (RG009)."""

import django.db.models.deletion
from django.db import migrations, models

import apps.timeline.walls
from apps.timeline.walls import RaiseWalls

GATE_HEAD = """
CREATE OR REPLACE FUNCTION gate_intent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  run rollbacks_rollback;
  step rollbacks_step;
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
"""
GATE_BEFORE = """
  IF NEW.kind = 'apply' AND NOT EXISTS (SELECT 1 FROM rollbacks_step s WHERE s.organisation_id = NEW.organisation_id
      AND s.id = NEW.step_id AND s.rollback_id = NEW.rollback_id AND s.state = 'running') THEN
    RAISE EXCEPTION 'No new intent for a step that is not running.' USING ERRCODE = 'RG003';
  END IF;
"""
GATE_NOW = """
  IF NEW.kind = 'apply' THEN
    SELECT * INTO step FROM rollbacks_step s WHERE s.organisation_id = NEW.organisation_id AND s.id = NEW.step_id
      AND s.rollback_id = NEW.rollback_id AND s.position = NEW.position AND s.state = 'running';
    IF step.id IS NULL THEN
      RAISE EXCEPTION 'No new intent for a step that is not running.' USING ERRCODE = 'RG003';
    END IF;
    IF step.agreement <> '' THEN PERFORM demand_agreement(step); END IF;
  END IF;
"""
GATE_END = """
  IF NEW.state <> 'in_flight' THEN RAISE EXCEPTION 'An attempt is born in flight.' USING ERRCODE = 'RG005'; END IF;
  RETURN NEW;
END $$;
"""

RULES = (
    """
-- What the approved plan says of a step; its `approvals` are who must agree before it begins.
CREATE FUNCTION planned_step(organisation uuid, rollback uuid, place integer) RETURNS jsonb STABLE LANGUAGE sql AS $$
  SELECT jsonb_path_query_first(convert_from(p.canonical, 'UTF8')::jsonb, '$.steps[*] ? (@.position == $place)',
                                jsonb_build_object('place', place))
    FROM rollbacks_rollback r JOIN rollbacks_plan p ON p.organisation_id = r.organisation_id AND p.id = r.plan_id
   WHERE r.organisation_id = organisation AND r.id = rollback
$$;

-- The exact content of the question about a step: the run, its plan, the place in it and the step's own digest.
CREATE FUNCTION step_content(organisation uuid, rollback uuid, place integer) RETURNS text STABLE LANGUAGE sql AS $$
  SELECT jsonb_build_object(
      'kind', 'rollback.step', 'rollback', r.id, 'plan', r.plan_hash, 'position', place,
      'step', encode(sha256(convert_to(planned_step(organisation, rollback, place)::text, 'UTF8')), 'hex'))::text
    FROM rollbacks_rollback r WHERE r.organisation_id = organisation AND r.id = rollback
$$;

-- Raises RG009 unless the step's own question was granted for this plan by everybody whom the plan names.
-- The votes were counted and consumed in the transaction that granted it (consume_votes), and stay so.
CREATE FUNCTION demand_agreement(step rollbacks_step) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  run rollbacks_rollback;
  q approvals_question;
  demanded jsonb := planned_step(step.organisation_id, step.rollback_id, step.position) -> 'approvals';
  content text := encode(sha256(convert_to(step_content(step.organisation_id, step.rollback_id, step.position), 'UTF8')),
                         'hex');
  wanted integer := jsonb_array_length(demanded -> 'all_of')
    + CASE WHEN jsonb_array_length(demanded -> 'any_of') > 0 THEN (demanded ->> 'needed')::integer ELSE 0 END;
BEGIN
  SELECT * INTO run FROM rollbacks_rollback r WHERE r.organisation_id = step.organisation_id AND r.id = step.rollback_id;
  SELECT * INTO q FROM approvals_question WHERE organisation_id = step.organisation_id AND id = step.question_id;
  IF q.id IS NULL OR q.state <> 'granted' OR q.kind NOT IN ('rollback.step', 'hotfix.gate')
     OR q.subject_kind <> 'step' OR q.subject_id <> step.id::text OR q.content_hash <> content
     OR q.requester_id <> run.requester_id
     OR (q.rule -> 'all_of', q.rule -> 'any_of', q.rule -> 'needed')
        IS DISTINCT FROM (demanded -> 'all_of', demanded -> 'any_of', demanded -> 'needed') THEN
    RAISE EXCEPTION 'Nobody has agreed to step % of this plan.', step.position USING ERRCODE = 'RG009';
  END IF;
  IF EXISTS (SELECT 1 FROM approvals_breakglass b WHERE b.organisation_id = q.organisation_id AND b.id = q.break_glass_id
      AND b.person_id = run.requester_id AND b.environment_id = run.environment_id
      AND q.decided_at >= b.opened_at AND q.decided_at < b.ends_at) THEN
    RETURN;
  END IF;
  IF wanted IS NULL OR wanted < 1 OR wanted > (
      SELECT count(DISTINCT v.person_id) FROM approvals_seat s
        JOIN approvals_vote v ON v.organisation_id = s.organisation_id AND v.seat_id = s.id AND v.question_id = q.id
       WHERE s.organisation_id = q.organisation_id AND s.question_id = q.id AND v.decision = 'approve'
         AND v.content_hash = content AND v.consumed_at IS NOT NULL AND v.withdrawn_at IS NULL
         AND v.person_id <> run.requester_id) THEN
    RAISE EXCEPTION 'Votes about step % of this plan are missing.', step.position USING ERRCODE = 'RG009';
  END IF;
END $$;

-- Whether a step waits for people is what the plan says, whoever writes the row.
CREATE FUNCTION step_needs_its_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.agreement := CASE WHEN planned_step(NEW.organisation_id, NEW.rollback_id, NEW.position) -> 'approvals' IS NULL
                        THEN '' ELSE 'needed' END;
  RETURN NEW;
END $$;
CREATE TRIGGER step_needs_its_people BEFORE INSERT ON rollbacks_step
  FOR EACH ROW EXECUTE FUNCTION step_needs_its_people();

CREATE FUNCTION step_keeps_its_need() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The plan says whether a step needs an agreement.' USING ERRCODE = 'RG011';
END $$;
CREATE TRIGGER step_keeps_its_need BEFORE UPDATE OF agreement ON rollbacks_step FOR EACH ROW
  WHEN ((NEW.agreement = '') <> (OLD.agreement = '')) EXECUTE FUNCTION step_keeps_its_need();

CREATE FUNCTION step_is_agreed_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = 'gate' AND NEW.state = 'skipped' THEN
    RAISE EXCEPTION 'A gate is never left out.' USING ERRCODE = 'RG009';
  END IF;
  PERFORM demand_agreement(NEW);
  RETURN NEW;
END $$;
CREATE TRIGGER step_is_agreed_on BEFORE UPDATE OF state, agreement ON rollbacks_step FOR EACH ROW
  WHEN (NEW.agreement <> '' AND (
    (OLD.state = 'pending' AND NEW.state <> 'pending' AND (NEW.state <> 'skipped' OR NEW.kind = 'gate'))
    OR (NEW.agreement = 'granted' AND OLD.agreement <> 'granted')
    OR (NEW.kind = 'gate' AND NEW.state = 'succeeded' AND OLD.state <> 'succeeded')))
  EXECUTE FUNCTION step_is_agreed_on();

CREATE UNIQUE INDEX a_step_is_asked_about_once ON approvals_question (organisation_id, subject_id)
  WHERE state = 'open' AND subject_kind = 'step' AND kind IN ('rollback.step', 'hotfix.gate');

CREATE OR REPLACE FUNCTION rollbacks_schema_epoch() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 3';
"""
    + GATE_HEAD
    + GATE_NOW
    + GATE_END
)

UNRULE = (
    GATE_HEAD
    + GATE_BEFORE
    + GATE_END
    + """
CREATE OR REPLACE FUNCTION rollbacks_schema_epoch() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';
DROP INDEX a_step_is_asked_about_once;
DROP TRIGGER step_is_agreed_on ON rollbacks_step;
DROP TRIGGER step_keeps_its_need ON rollbacks_step;
DROP TRIGGER step_needs_its_people ON rollbacks_step;
DROP FUNCTION step_is_agreed_on(), step_keeps_its_need(), step_needs_its_people(), demand_agreement(rollbacks_step),
  step_content(uuid, uuid, integer), planned_step(uuid, uuid, integer);
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0007_counted_where_it_matters"),
        ("rollbacks", "0007_fewer_indexes"),
    ]
    operations = [
        migrations.AddField(
            "step",
            "agreement",
            models.CharField(
                blank=True,
                choices=[
                    ("", "Nobody is asked"),
                    ("needed", "To be asked"),
                    ("asked", "Asked"),
                    ("granted", "Agreed"),
                    ("refused", "Refused"),
                ],
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "step",
            "question",
            apps.timeline.walls.WithinOrganisation(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="approvals.question",
            ),
        ),
        RaiseWalls("rollbacks"),
        migrations.RunSQL(RULES, UNRULE),
    ]
