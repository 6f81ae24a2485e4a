"""What a question asks never changes, a vote is about its question's content, and both are recorded."""

from django.db import migrations

RULES = """
ALTER TABLE approvals_vote ADD CONSTRAINT a_vote_is_for_its_questions_content
  FOREIGN KEY (organisation_id, question_id, requester_id, content_hash)
  REFERENCES approvals_question (organisation_id, id, requester_id, content_hash);

CREATE FUNCTION question_keeps_its_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.organisation_id, NEW.requester_id, NEW.content_hash, NEW.rule, NEW.expires_at, NEW.losses)
     IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.requester_id, OLD.content_hash, OLD.rule, OLD.expires_at, OLD.losses) THEN
    RAISE EXCEPTION 'A question keeps its content.' USING ERRCODE = 'RG011';
  END IF;
  IF OLD.state <> 'open' AND NEW.state <> OLD.state AND NOT (OLD.state = 'granted' AND NEW.state = 'void') THEN
    RAISE EXCEPTION 'A question that is % stays so.', OLD.state USING ERRCODE = 'RG013';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER question_keeps_its_content BEFORE UPDATE ON approvals_question
  FOR EACH ROW EXECUTE FUNCTION question_keeps_its_content();

CREATE FUNCTION vote_keeps_its_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (to_jsonb(NEW) - 'consumed_at') IS DISTINCT FROM (to_jsonb(OLD) - 'consumed_at') OR OLD.consumed_at IS NOT NULL THEN
    RAISE EXCEPTION 'A vote keeps its answer.' USING ERRCODE = 'RG011';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER vote_keeps_its_answer BEFORE UPDATE ON approvals_vote
  FOR EACH ROW EXECUTE FUNCTION vote_keeps_its_answer();

CREATE CONSTRAINT TRIGGER question_is_recorded AFTER INSERT OR UPDATE ON approvals_question
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
CREATE CONSTRAINT TRIGGER vote_is_recorded AFTER INSERT ON approvals_vote
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();

-- True when every seat of the question has an agreeing vote that counts at this instant. Used by whatever is released.
CREATE FUNCTION consume_votes(organisation uuid, question uuid, content text) RETURNS void LANGUAGE plpgsql AS $$
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

UNRULE = """
DROP FUNCTION consume_votes(uuid, uuid, text);
DROP TRIGGER vote_is_recorded ON approvals_vote;
DROP TRIGGER question_is_recorded ON approvals_question;
DROP TRIGGER vote_keeps_its_answer ON approvals_vote;
DROP TRIGGER question_keeps_its_content ON approvals_question;
DROP FUNCTION vote_keeps_its_answer(), question_keeps_its_content();
ALTER TABLE approvals_vote DROP CONSTRAINT a_vote_is_for_its_questions_content;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_initial"), ("timeline", "0003_chain")]
    operations = [migrations.RunSQL(RULES, UNRULE)]
