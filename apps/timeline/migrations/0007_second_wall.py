"""Row-level security behind the composite keys, on every table that names an organisation."""

from django.db import migrations

from apps.timeline.second_wall import RaiseSecondWall


class Migration(migrations.Migration):
    """It comes after every table that there is; a migration that adds one repeats the operation."""

    dependencies = [
        ("timeline", "0006_chain_at_once"),
        ("accounts", "0005_everybody_still_sees"),
        ("approvals", "0008_no_glass_without_a_place"),
        ("checklists", "0003_fewer_indexes"),
        ("checks", "0003_fewer_indexes"),
        ("communications", "0003_words_that_wait"),
        ("deployments", "0006_rights_in_places"),
        ("incidents", "0003_fewer_indexes"),
        ("playbooks", "0003_fewer_indexes"),
        ("providers", "0003_fewer_indexes"),
        ("rollbacks", "0009_find_steps_by_their_run"),
    ]
    operations = [RaiseSecondWall()]
