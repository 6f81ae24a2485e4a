"""Count what people decide about steps, so that whoever advances the run knows when to read its steps again."""

from django.db import migrations, models

RULES = """
-- The engine writes with a fence; whoever writes a step without one is a person's decision.
CREATE FUNCTION step_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nullif(current_setting('app.fence', true), '') IS NULL THEN
    UPDATE rollbacks_rollback SET decisions = decisions + 1
      WHERE organisation_id = NEW.organisation_id AND id = NEW.rollback_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER step_decided AFTER UPDATE ON rollbacks_step FOR EACH ROW EXECUTE FUNCTION step_decided();
"""

UNRULE = """
DROP TRIGGER step_decided ON rollbacks_step;
DROP FUNCTION step_decided();
"""


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0004_epoch")]
    operations = [
        migrations.AddField("rollback", "decisions", models.PositiveIntegerField(default=0)),
        migrations.RunSQL(RULES, UNRULE),
    ]
