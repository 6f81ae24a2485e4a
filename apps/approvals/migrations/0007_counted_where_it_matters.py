"""Votes count with the right that their role has in that place at that instant; substitutes, withdrawals, break-glass.

RG015: break-glass is not allowed, not over yet, or not like this.
"""

import django.db.models.deletion
from django.db import migrations

import apps.timeline.walls
from apps.timeline.walls import RaiseWalls

RULES = """
CREATE OR REPLACE FUNCTION question_keeps_its_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.organisation_id, NEW.requester_id, NEW.content_hash, NEW.rule, NEW.expires_at, NEW.losses, NEW.confirm,
      NEW.kind, NEW.service_id, NEW.environment_id, NEW."right")
     IS DISTINCT FROM
     (OLD.id, OLD.organisation_id, OLD.requester_id, OLD.content_hash, OLD.rule, OLD.expires_at, OLD.losses, OLD.confirm,
      OLD.kind, OLD.service_id, OLD.environment_id, OLD."right") THEN
    RAISE EXCEPTION 'A question keeps its content.' USING ERRCODE = 'RG011';
  END IF;
  IF NEW.break_glass_id IS DISTINCT FROM OLD.break_glass_id AND (OLD.break_glass_id IS NOT NULL OR OLD.state <> 'open') THEN
    RAISE EXCEPTION 'A question keeps how it was decided.' USING ERRCODE = 'RG011';
  END IF;
  IF OLD.state <> 'open' AND NEW.state <> OLD.state AND NOT (OLD.state = 'granted' AND NEW.state = 'void') THEN
    RAISE EXCEPTION 'A question that is % stays so.', OLD.state USING ERRCODE = 'RG013';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER seat_never_changes BEFORE UPDATE OR DELETE ON approvals_seat
  FOR EACH ROW EXECUTE FUNCTION never_changes();
CREATE TRIGGER vote_is_never_deleted BEFORE DELETE ON approvals_vote FOR EACH ROW EXECUTE FUNCTION never_changes();

CREATE FUNCTION vote_is_stamped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.cast_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER vote_is_stamped BEFORE INSERT ON approvals_vote FOR EACH ROW EXECUTE FUNCTION vote_is_stamped();

CREATE OR REPLACE FUNCTION vote_keeps_its_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (to_jsonb(NEW) - 'consumed_at' - 'withdrawn_at') IS DISTINCT FROM (to_jsonb(OLD) - 'consumed_at' - 'withdrawn_at')
     OR OLD.consumed_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL
     OR (NEW.consumed_at IS NOT NULL AND NEW.withdrawn_at IS NOT NULL) THEN
    RAISE EXCEPTION 'A vote keeps its answer.' USING ERRCODE = 'RG011';
  END IF;
  IF NEW.withdrawn_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM approvals_question q
      WHERE q.organisation_id = NEW.organisation_id AND q.id = NEW.question_id AND q.state = 'open') THEN
    RAISE EXCEPTION 'A vote that has decided stays.' USING ERRCODE = 'RG013';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION demand_event_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM timeline_event e WHERE e.organisation_id = NEW.organisation_id
                 AND e.transaction = pg_current_xact_id()::text::bigint) THEN
    RAISE EXCEPTION 'A change of % was not recorded.', TG_TABLE_NAME USING ERRCODE = 'RG012';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER withdrawal_is_recorded AFTER UPDATE OF withdrawn_at ON approvals_vote
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event_of_change();
CREATE CONSTRAINT TRIGGER debt_is_recorded AFTER INSERT OR UPDATE ON approvals_debt
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event_of_change();
CREATE CONSTRAINT TRIGGER break_glass_is_recorded AFTER INSERT OR UPDATE ON approvals_breakglass
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event_of_change();

-- A debt is acknowledged once, and is never taken back.
CREATE FUNCTION debt_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.acknowledged_at IS NOT NULL
     OR (to_jsonb(NEW) - 'acknowledged_at' - 'overdue_recorded_at')
        IS DISTINCT FROM (to_jsonb(OLD) - 'acknowledged_at' - 'overdue_recorded_at') THEN
    RAISE EXCEPTION 'A debt stays until it is acknowledged.' USING ERRCODE = 'RG011';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER debt_stays BEFORE UPDATE OR DELETE ON approvals_debt FOR EACH ROW EXECUTE FUNCTION debt_stays();

-- Thirty minutes by this clock, where the organisation allows it; afterwards only a review, and an earlier end.
CREATE FUNCTION break_glass_is_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'Break-glass is never deleted.' USING ERRCODE = 'RG011'; END IF;
  IF TG_OP = 'INSERT' THEN
    IF NOT EXISTS (SELECT 1 FROM accounts_organisation o WHERE o.id = NEW.organisation_id AND o.break_glass_allowed)
       OR NEW.reviewed_at IS NOT NULL THEN
      RAISE EXCEPTION 'Break-glass is not allowed here.' USING ERRCODE = 'RG015';
    END IF;
    NEW.opened_at := clock_timestamp();
    NEW.ends_at := NEW.opened_at + interval '30 minutes';
    RETURN NEW;
  END IF;
  IF (to_jsonb(NEW) - 'ends_at' - 'reviewed_at' - 'reviewed_by_id' - 'review')
     IS DISTINCT FROM (to_jsonb(OLD) - 'ends_at' - 'reviewed_at' - 'reviewed_by_id' - 'review')
     OR NEW.ends_at > OLD.ends_at OR OLD.reviewed_at IS NOT NULL THEN
    RAISE EXCEPTION 'Break-glass keeps what was written, and never lasts longer.' USING ERRCODE = 'RG011';
  END IF;
  IF NEW.reviewed_at IS NOT NULL AND (NEW.reviewed_by_id IS NULL OR NEW.review = '') THEN
    RAISE EXCEPTION 'A review has somebody and some words.' USING ERRCODE = 'RG015';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER break_glass_is_short BEFORE INSERT OR UPDATE OR DELETE ON approvals_breakglass
  FOR EACH ROW EXECUTE FUNCTION break_glass_is_short();

-- The holdings through which a person has the right that a question needs, in its place, at this instant.
CREATE FUNCTION rightful_holdings(q approvals_question) RETURNS TABLE (person_id uuid, slug text) STABLE LANGUAGE sql AS $$
  SELECT h.person_id, r.slug::text FROM accounts_roleholding h
    JOIN accounts_role r ON r.id = h.role_id
    WHERE h.organisation_id = q.organisation_id AND EXISTS (
      SELECT 1 FROM guardian_groupobjectpermission g
        JOIN auth_permission a ON a.id = g.permission_id
        JOIN django_content_type c ON c.id = g.content_type_id
        WHERE g.group_id = r.group_id AND a.codename = q."right" AND (
          (c.app_label = 'accounts' AND c.model = 'organisation' AND g.object_pk = q.organisation_id::text)
          OR (c.app_label = 'deployments' AND c.model = 'service' AND g.object_pk = q.service_id::text)
          OR (c.app_label = 'deployments' AND c.model = 'environment' AND g.object_pk = q.environment_id::text)))
$$;

CREATE OR REPLACE FUNCTION consume_votes(organisation uuid, question uuid, content text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q approvals_question;
  glass approvals_breakglass;
  missing int;
  moment timestamptz;
BEGIN
  SELECT * INTO q FROM approvals_question WHERE organisation_id = organisation AND id = question FOR UPDATE;
  IF q.id IS NULL OR q.content_hash <> content THEN
    RAISE EXCEPTION 'What was agreed on is something else.' USING ERRCODE = 'RG009';
  END IF;
  PERFORM 1 FROM approvals_vote v WHERE v.organisation_id = organisation AND v.question_id = question
    ORDER BY v.id FOR NO KEY UPDATE;
  IF EXISTS (SELECT 1 FROM approvals_vote v WHERE v.organisation_id = organisation AND v.question_id = question
             AND v.decision = 'reject' AND v.withdrawn_at IS NULL) THEN
    RAISE EXCEPTION 'Somebody rejected it.' USING ERRCODE = 'RG010';
  END IF;
  SELECT * INTO glass FROM approvals_breakglass b
    WHERE b.organisation_id = organisation AND b.id = q.break_glass_id FOR SHARE;
  PERFORM 1 FROM accounts_person p
    WHERE p.organisation_id = organisation AND (p.id = glass.person_id OR p.id IN (
      SELECT v.person_id FROM approvals_vote v WHERE v.organisation_id = organisation AND v.question_id = question
        AND v.withdrawn_at IS NULL)) FOR SHARE OF p;
  PERFORM 1 FROM accounts_roleholding h JOIN approvals_vote v ON v.person_id = h.person_id
    WHERE v.organisation_id = organisation AND v.question_id = question AND v.withdrawn_at IS NULL FOR SHARE OF h;
  PERFORM 1 FROM accounts_substitute x JOIN approvals_vote v ON v.person_id = x.person_id
    WHERE v.organisation_id = organisation AND v.question_id = question AND v.withdrawn_at IS NULL FOR SHARE OF x;
  PERFORM 1 FROM guardian_groupobjectpermission g
    JOIN auth_permission a ON a.id = g.permission_id AND a.codename = q."right"
    JOIN accounts_role r ON r.group_id = g.group_id AND r.organisation_id = organisation
    JOIN accounts_roleholding h ON h.role_id = r.id
    JOIN approvals_vote v ON v.person_id = h.person_id
    WHERE v.organisation_id = organisation AND v.question_id = question AND v.withdrawn_at IS NULL FOR SHARE OF g;
  moment := clock_timestamp();
  IF moment >= q.expires_at THEN
    RAISE EXCEPTION 'The question has expired.' USING ERRCODE = 'RG009';
  END IF;
  SELECT count(*) INTO missing FROM approvals_seat s
    WHERE s.organisation_id = organisation AND s.question_id = question AND NOT EXISTS (
      SELECT 1 FROM approvals_vote v JOIN accounts_person p ON p.id = v.person_id AND p.organisation_id = v.organisation_id
      WHERE v.organisation_id = organisation AND v.seat_id = s.id AND v.question_id = question
        AND v.decision = 'approve' AND v.content_hash = content
        AND v.withdrawn_at IS NULL AND v.consumed_at IS NULL AND v.expires_at > moment
        AND p.active AND p.id <> q.requester_id
        AND EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = p.user_id AND u.is_active)
        AND (EXISTS (SELECT 1 FROM rightful_holdings(q) r
                     WHERE r.person_id = p.id AND (cardinality(s.roles) = 0 OR r.slug = ANY (s.roles)))
          OR (p.id = ANY (s.substitutes) AND v.cast_at >= s.substitutes_from AND EXISTS (
            SELECT 1 FROM accounts_substitute x JOIN accounts_role r ON r.id = x.role_id
            WHERE x.organisation_id = organisation AND x.person_id = p.id AND r.slug = ANY (s.roles)))));
  IF missing > 0 AND NOT (
      glass.id IS NOT NULL AND glass.person_id = q.requester_id AND glass.environment_id = q.environment_id
      AND glass.reviewed_at IS NULL AND moment >= glass.opened_at AND moment < glass.ends_at
      AND EXISTS (SELECT 1 FROM accounts_person p WHERE p.id = glass.person_id AND p.active)) THEN
    RAISE EXCEPTION '% of the needed votes are missing or no longer count.', missing USING ERRCODE = 'RG009';
  END IF;
  UPDATE approvals_vote SET consumed_at = moment
    WHERE organisation_id = organisation AND question_id = question AND consumed_at IS NULL AND withdrawn_at IS NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_places_and_substitutes"),
        ("approvals", "0006_rules_and_clocks"),
        ("deployments", "0006_rights_in_places"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
    ]

    operations = [
        migrations.AddField(
            model_name="question",
            name="break_glass",
            field=apps.timeline.walls.WithinOrganisation(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="approvals.breakglass",
            ),
        ),
        RaiseWalls("approvals"),
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
    ]
