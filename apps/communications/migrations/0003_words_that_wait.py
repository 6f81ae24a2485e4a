"""Words to the outside wait, letter by letter, until others agree to them; what is told then is exactly these (RG009)."""

import django.db.models.deletion
from django.db import migrations, models

import apps.timeline.ids
import apps.timeline.walls
from apps.timeline.walls import RaiseWalls

RULES = """
CREATE FUNCTION waiting_words_are_asked_about() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM approvals_question q WHERE q.organisation_id = NEW.organisation_id AND q.id = NEW.question_id
      AND q.kind = 'message.external' AND q.requester_id = NEW.author_id
      AND q.content_hash = encode(sha256(convert_to(concat_ws(E'\\n', NEW.incident_id::text, NEW.audience, NEW.phase,
          coalesce(NEW.next_update_minutes::text, ''), NEW.text), 'UTF8')), 'hex')) THEN
    RAISE EXCEPTION 'Nobody was asked about these words.' USING ERRCODE = 'RG009';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER waiting_words_are_asked_about BEFORE INSERT ON communications_waitingupdate
  FOR EACH ROW EXECUTE FUNCTION waiting_words_are_asked_about();
CREATE TRIGGER waiting_words_never_change BEFORE UPDATE OR DELETE ON communications_waitingupdate
  FOR EACH ROW EXECUTE FUNCTION never_changes();

CREATE FUNCTION words_were_agreed_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM communications_waitingupdate w
      JOIN approvals_question q ON q.organisation_id = w.organisation_id AND q.id = w.question_id
      WHERE w.organisation_id = NEW.organisation_id AND w.question_id = NEW.question_id AND q.state = 'granted'
        AND (w.incident_id, w.author_id, w.audience, w.phase, w.text)
            IS NOT DISTINCT FROM (NEW.incident_id, NEW.author_id, NEW.audience, NEW.phase, NEW.text)
        AND NOT EXISTS (SELECT 1 FROM approvals_seat s WHERE s.organisation_id = q.organisation_id AND s.question_id = q.id
          AND NOT EXISTS (SELECT 1 FROM approvals_vote v WHERE v.organisation_id = s.organisation_id AND v.seat_id = s.id
            AND v.decision = 'approve' AND v.content_hash = q.content_hash AND v.consumed_at IS NOT NULL))) THEN
    RAISE EXCEPTION 'Nobody has agreed to these words.' USING ERRCODE = 'RG009';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER words_were_agreed_on BEFORE INSERT OR UPDATE ON communications_update FOR EACH ROW
  WHEN (NEW.question_id IS NOT NULL) EXECUTE FUNCTION words_were_agreed_on();
"""

UNRULE = """
DROP TRIGGER words_were_agreed_on ON communications_update;
DROP TRIGGER waiting_words_never_change ON communications_waitingupdate;
DROP TRIGGER waiting_words_are_asked_about ON communications_waitingupdate;
DROP FUNCTION words_were_agreed_on(), waiting_words_are_asked_about();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_places_and_substitutes"),
        ("approvals", "0007_counted_where_it_matters"),
        ("communications", "0002_fewer_indexes"),
        ("incidents", "0003_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="update",
            name="question",
            field=apps.timeline.walls.OneWithinOrganisation(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="approvals.question",
            ),
        ),
        migrations.CreateModel(
            name="WaitingUpdate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.timeline.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("audience", models.CharField(max_length=12)),
                ("phase", models.CharField(max_length=16)),
                ("text", models.TextField()),
                ("next_update_minutes", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    apps.timeline.walls.WithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.person",
                    ),
                ),
                (
                    "incident",
                    apps.timeline.walls.WithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "question",
                    apps.timeline.walls.OneWithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="approvals.question",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["stakeholder", "public"])),
                        name="only_words_to_the_outside_wait",
                    )
                ],
            },
        ),
        RaiseWalls("communications"),
        migrations.RunSQL(RULES, UNRULE),
    ]
