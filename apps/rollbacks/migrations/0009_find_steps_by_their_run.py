"""Find the steps before an intent by their run alone: on a young table the planner read all steps of the organisation.

The organisation need not be compared: a step is of its rollback's organisation (`rollbacks_step_rollback_wall`).
"""

from django.db import migrations

BEFORE = "s.organisation_id = NEW.organisation_id AND s.rollback_id = NEW.rollback_id AND s.position < NEW.position"
AFTER = "s.rollback_id = NEW.rollback_id AND s.position < NEW.position"


def say(before: str, after: str) -> str:
    """Return SQL that replaces a condition in the gate, which must be there."""
    return f"""
DO $$
DECLARE
  gate text := pg_get_functiondef('gate_intent'::regproc);
BEGIN
  IF position('{before}' IN gate) = 0 THEN RAISE EXCEPTION 'The gate does not say: {before}'; END IF;
  EXECUTE replace(gate, '{before}', '{after}');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("rollbacks", "0008_step_agreements")]
    operations = [migrations.RunSQL(say(BEFORE, AFTER), say(AFTER, BEFORE))]
