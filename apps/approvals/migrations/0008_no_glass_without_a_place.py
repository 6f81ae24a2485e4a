"""A question without an environment is under nobody's break-glass: what is not known to be so is not so."""

from django.db import migrations

COUNT = """
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
  IF missing > 0 AND (
      glass.id IS NOT NULL AND glass.person_id = q.requester_id AND glass.environment_id = q.environment_id
      AND glass.reviewed_at IS NULL AND moment >= glass.opened_at AND moment < glass.ends_at
      AND EXISTS (SELECT 1 FROM accounts_person p WHERE p.id = glass.person_id AND p.active)) IS NOT TRUE THEN
    RAISE EXCEPTION '% of the needed votes are missing or no longer count.', missing USING ERRCODE = 'RG009';
  END IF;
  UPDATE approvals_vote SET consumed_at = moment
    WHERE organisation_id = organisation AND question_id = question AND consumed_at IS NULL AND withdrawn_at IS NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0007_counted_where_it_matters")]
    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
