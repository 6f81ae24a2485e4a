"""An incident's change of state is recorded in its transaction."""

from django.db import migrations

RULES = """
CREATE CONSTRAINT TRIGGER incident_is_recorded AFTER INSERT OR UPDATE ON incidents_incident
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("timeline", "0003_chain")]
    operations = [migrations.RunSQL(RULES, "DROP TRIGGER incident_is_recorded ON incidents_incident")]
