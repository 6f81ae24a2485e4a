"""A published revision never changes, and a revision is never deleted once published."""

from django.db import migrations

RULES = """
CREATE FUNCTION published_revision_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'published' THEN
    RAISE EXCEPTION 'A published revision never changes.' USING ERRCODE = 'RG011';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER published_revision_never_changes BEFORE UPDATE OR DELETE ON playbooks_revision
  FOR EACH ROW EXECUTE FUNCTION published_revision_never_changes();
CREATE CONSTRAINT TRIGGER revision_is_recorded AFTER INSERT OR UPDATE ON playbooks_revision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_event();
"""

UNRULE = """
DROP TRIGGER revision_is_recorded ON playbooks_revision;
DROP TRIGGER published_revision_never_changes ON playbooks_revision;
DROP FUNCTION published_revision_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("playbooks", "0001_initial"), ("timeline", "0003_chain")]
    operations = [migrations.RunSQL(RULES, UNRULE)]
