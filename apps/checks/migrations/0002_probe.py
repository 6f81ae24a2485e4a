"""When each outside probe asks next, so that one process at a time asks."""

import django.db.models.deletion
from django.db import migrations, models

import apps.timeline.ids
import apps.timeline.walls


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("checks", "0001_initial"),
        ("deployments", "0002_rules"),
        ("timeline", "0002_walls"),
    ]
    operations = [
        migrations.CreateModel(
            name="Probe",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.timeline.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("next_at", models.DateTimeField()),
                ("failing", models.BooleanField(default=False)),
                (
                    "environment",
                    apps.timeline.walls.WithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="probes",
                        to="deployments.environment",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_at"], name="probes_due")],
                "constraints": [models.UniqueConstraint(fields=("environment",), name="one_probe_per_environment")],
            },
        ),
        apps.timeline.walls.RaiseWalls("checks"),
    ]
