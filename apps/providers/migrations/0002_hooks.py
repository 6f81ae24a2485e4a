"""Keep what providers send by themselves, and count each delivery once."""

import django.db.models.deletion
from django.db import migrations, models

import apps.timeline.ids
import apps.timeline.walls
from apps.timeline.walls import RaiseWalls


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_rights"),
        ("providers", "0001_initial"),
        ("timeline", "0002_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.timeline.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("delivery_id", models.CharField(max_length=200)),
                ("event", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField(auto_now_add=True)),
                (
                    "connection",
                    apps.timeline.walls.WithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="providers.connection",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "connection", "delivery_id"), name="a_delivery_is_taken_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.timeline.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                ("kept_at", models.DateTimeField(auto_now_add=True)),
                (
                    "connection",
                    apps.timeline.walls.WithinOrganisation(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="providers.connection",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "connection", "fingerprint"), name="bytes_are_kept_once"
                    )
                ],
            },
        ),
        RaiseWalls("providers"),
    ]
