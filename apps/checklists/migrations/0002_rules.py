"""A tick never changes, and ticking is recorded."""

from django.db import migrations

RULES = """
CREATE TRIGGER tick_never_changes BEFORE UPDATE OR DELETE ON checklists_tick FOR EACH ROW EXECUTE FUNCTION never_changes();
CREATE CONSTRAINT TRIGGER tick_is_recorded AFTER INSERT ON checklists_tick
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
"""


class Migration(migrations.Migration):
    dependencies = [("checklists", "0001_initial"), ("timeline", "0003_chain")]
    operations = [
        migrations.RunSQL(
            RULES,
            "DROP TRIGGER tick_is_recorded ON checklists_tick; DROP TRIGGER tick_never_changes ON checklists_tick",
        )
    ]
