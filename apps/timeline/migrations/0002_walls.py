"""Raise the walls between organisations, once every table stands."""

from django.db import migrations

from apps.timeline.walls import RaiseWalls


class Migration(migrations.Migration):
    dependencies = [
        ("timeline", "0001_initial"),
        ("accounts", "0001_initial"),
        ("approvals", "0002_initial"),
        ("checklists", "0001_initial"),
        ("checks", "0001_initial"),
        ("communications", "0001_initial"),
        ("deployments", "0001_initial"),
        ("incidents", "0001_initial"),
        ("playbooks", "0001_initial"),
        ("providers", "0001_initial"),
        ("rollbacks", "0001_initial"),
    ]
    operations = [
        RaiseWalls(
            "timeline",
            "accounts",
            "providers",
            "approvals",
            "deployments",
            "playbooks",
            "incidents",
            "checks",
            "checklists",
            "rollbacks",
            "communications",
        )
    ]
