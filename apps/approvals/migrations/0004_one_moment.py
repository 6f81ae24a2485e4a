"""Votes are counted and consumed at one moment, read after every lock was taken: none is consumed after its end."""

from django.db import migrations

COUNT = """
CREATE OR REPLACE FUNCTION consume_votes(organisation uuid, question uuid, content text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q approvals_question;
  missing int;
  moment timestamptz;
BEGIN
  SELECT * INTO q FROM approvals_question WHERE organisation_id = organisation AND id = question FOR UPDATE;
  IF q.id IS NULL OR q.content_hash <> content THEN
    RAISE EXCEPTION 'What was agreed on is something else.' USING ERRCODE = 'RG009';
  END IF;
  IF EXISTS (SELECT 1 FROM approvals_vote v WHERE v.organisation_id = organisation AND v.question_id = question
             AND v.decision = 'reject') THEN
    RAISE EXCEPTION 'Somebody rejected it.' USING ERRCODE = 'RG010';
  END IF;
  PERFORM 1 FROM accounts_person p JOIN approvals_vote v ON v.person_id = p.id
    WHERE v.organisation_id = organisation AND v.question_id = question FOR SHARE OF p;
  PERFORM 1 FROM accounts_roleholding h JOIN approvals_vote v ON v.person_id = h.person_id
    WHERE v.organisation_id = organisation AND v.question_id = question FOR SHARE OF h;
  moment := clock_timestamp();
  IF moment >= q.expires_at THEN
    RAISE EXCEPTION 'The question has expired.' USING ERRCODE = 'RG009';
  END IF;
  SELECT count(*) INTO missing FROM approvals_seat s
    WHERE s.organisation_id = organisation AND s.question_id = question AND NOT EXISTS (
      SELECT 1 FROM approvals_vote v JOIN accounts_person p ON p.id = v.person_id AND p.organisation_id = v.organisation_id
      WHERE v.organisation_id = organisation AND v.seat_id = s.id AND v.decision = 'approve' AND v.content_hash = content
        AND v.consumed_at IS NULL AND v.expires_at > moment AND p.active AND p.id <> q.requester_id
        AND (cardinality(s.roles) = 0 OR EXISTS (
          SELECT 1 FROM accounts_roleholding h JOIN accounts_role r ON r.id = h.role_id
          WHERE h.organisation_id = organisation AND h.person_id = p.id AND r.slug = ANY (s.roles))));
  IF missing > 0 THEN
    RAISE EXCEPTION '% of the needed votes are missing or no longer count.', missing USING ERRCODE = 'RG009';
  END IF;
  UPDATE approvals_vote SET consumed_at = moment
    WHERE organisation_id = organisation AND question_id = question AND consumed_at IS NULL;
END $$;
"""

UNCOUNT = """
CREATE OR REPLACE FUNCTION consume_votes(organisation uuid, question uuid, content text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  q approvals_question;
  missing int;
BEGIN
  SELECT * INTO q FROM approvals_question WHERE organisation_id = organisation AND id = question FOR UPDATE;
  IF q.id IS NULL OR q.content_hash <> content THEN
    RAISE EXCEPTION 'What was agreed on is something else.' USING ERRCODE = 'RG009';
  END IF;
  IF EXISTS (SELECT 1 FROM approvals_vote v WHERE v.organisation_id = organisation AND v.question_id = question
             AND v.decision = 'reject') THEN
    RAISE EXCEPTION 'Somebody rejected it.' USING ERRCODE = 'RG010';
  END IF;
  IF clock_timestamp() >= q.expires_at THEN
    RAISE EXCEPTION 'The question has expired.' USING ERRCODE = 'RG009';
  END IF;
  PERFORM 1 FROM accounts_person p JOIN approvals_vote v ON v.person_id = p.id
    WHERE v.organisation_id = organisation AND v.question_id = question FOR SHARE OF p;
  PERFORM 1 FROM accounts_roleholding h JOIN approvals_vote v ON v.person_id = h.person_id
    WHERE v.organisation_id = organisation AND v.question_id = question FOR SHARE OF h;
  SELECT count(*) INTO missing FROM approvals_seat s
    WHERE s.organisation_id = organisation AND s.question_id = question AND NOT EXISTS (
      SELECT 1 FROM approvals_vote v JOIN accounts_person p ON p.id = v.person_id AND p.organisation_id = v.organisation_id
      WHERE v.organisation_id = organisation AND v.seat_id = s.id AND v.decision = 'approve' AND v.content_hash = content
        AND v.consumed_at IS NULL AND v.expires_at > clock_timestamp() AND p.active AND p.id <> q.requester_id
        AND (cardinality(s.roles) = 0 OR EXISTS (
          SELECT 1 FROM accounts_roleholding h JOIN accounts_role r ON r.id = h.role_id
          WHERE h.organisation_id = organisation AND h.person_id = p.id AND r.slug = ANY (s.roles))));
  IF missing > 0 THEN
    RAISE EXCEPTION '% of the needed votes are missing or no longer count.', missing USING ERRCODE = 'RG009';
  END IF;
  UPDATE approvals_vote SET consumed_at = clock_timestamp()
    WHERE organisation_id = organisation AND question_id = question AND consumed_at IS NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_rules")]
    operations = [migrations.RunSQL(COUNT, UNCOUNT)]
