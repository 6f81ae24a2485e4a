"""The switch of an environment belongs to the environment's organisation: the last reference without a wall gets one."""

import django.db.models.deletion
from django.db import migrations

from apps.timeline.walls import OneWithinOrganisation, RaiseWalls


class Migration(migrations.Migration):
    dependencies = [("deployments", "0003_served_and_together"), ("timeline", "0002_walls")]

    operations = [
        migrations.AlterField(
            model_name="freezeswitch",
            name="environment",
            field=OneWithinOrganisation(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="freeze_switch",
                to="deployments.environment",
            ),
        ),
        RaiseWalls("deployments"),
    ]
