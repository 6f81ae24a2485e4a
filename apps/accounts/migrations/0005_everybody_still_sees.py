"""Give the roles of existing organisations the rights that are new: to see, and to approve a restore (S4-36)."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SEE, APPROVE_RESTORES = "see", "approve_restores"
NAMES = {SEE: "see services, incidents and rollbacks", APPROVE_RESTORES: "approve a restore in production"}


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Every role saw everything so far. Restores are the CTO's; the founder's where nobody is CTO but a founder is."""
    db = schema_editor.connection.alias  # migrations run as the tables' owner
    roles = apps.get_model("accounts", "Role").objects.using(db)
    _give(apps, db, roles.exclude(rights__contains=[SEE]), SEE)
    approvers = list(roles.filter(slug="cto"))
    led = set(_holdings(apps, db, "cto").values_list("organisation_id", flat=True))
    founded = set(_holdings(apps, db, "founder").values_list("organisation_id", flat=True))
    approvers += roles.filter(slug="founder", organisation_id__in=founded - led)
    _give(apps, db, [role for role in approvers if APPROVE_RESTORES not in role.rights], APPROVE_RESTORES)


def _holdings(apps: Apps, db: str, slug: str) -> Any:
    holdings = apps.get_model("accounts", "RoleHolding").objects.using(db)
    return holdings.filter(role__slug=slug, person__active=True)


def _give(apps: Apps, db: str, roles: Any, right: str) -> None:
    kind, _ = (
        apps.get_model("contenttypes", "ContentType")
        .objects.using(db)
        .get_or_create(app_label="accounts", model="organisation")
    )
    permission, _ = (
        apps.get_model("auth", "Permission")
        .objects.using(db)
        .get_or_create(content_type=kind, codename=right, defaults={"name": NAMES[right]})
    )
    permitted = apps.get_model("guardian", "GroupObjectPermission").objects.using(db)
    for role in roles:
        role.rights = sorted({*role.rights, right})
        role.save(update_fields=["rights"])
        if role.group_id is not None:
            permitted.get_or_create(
                group_id=role.group_id,
                permission=permission,
                object_pk=str(role.organisation_id),
                defaults={"content_type": kind},
            )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_places_and_substitutes"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
