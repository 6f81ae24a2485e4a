"""A freeze is recorded in the transaction that makes or lifts it."""

from django.db import migrations

RULES = """
CREATE CONSTRAINT TRIGGER freeze_is_recorded AFTER INSERT OR UPDATE ON deployments_freeze
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
"""


class Migration(migrations.Migration):
    dependencies = [("deployments", "0001_initial"), ("timeline", "0003_chain")]
    operations = [migrations.RunSQL(RULES, "DROP TRIGGER freeze_is_recorded ON deployments_freeze")]
