"""The walls between organisations: every row names its organisation, and no reference can cross to another one.

Django refuses foreign keys to composite keys, so the field keeps Django's single-column view of a reference and the
migration operation `RaiseWalls` writes the composite constraint in SQL.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from apps.timeline.ids import new_id


class WithinOrganisation(models.ForeignKey):
    """A reference to a row of the same organisation. The database enforces it by (organisation_id, column)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("on_delete", models.PROTECT)
        super().__init__(*args, **kwargs)


class OneWithinOrganisation(models.OneToOneField):
    """The same reference where there is at most one such row: one switch for each environment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("on_delete", models.PROTECT)
        super().__init__(*args, **kwargs)


class OrganisationRow(models.Model):
    """What every row of the product has: an id of its own and the organisation it belongs to."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The wall's own index begins with the organisation, so another one would only cost.
    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        abstract = True


class RaiseWalls(Operation):
    """Give every table of these apps UNIQUE (organisation_id, id) and every reference its composite foreign key.

    Safe to repeat: a later migration that adds a table or a reference adds this operation again.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, *app_labels: str) -> None:
        self.app_labels = app_labels

    def deconstruct(self) -> tuple[str, list[str], dict[str, Any]]:
        return (self.__class__.__qualname__, list(self.app_labels), {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The walls exist only in the database."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        rows = [model for label in self.app_labels for model in _rows(label, to_state)]
        for model in rows:
            table = model._meta.db_table
            _add(schema_editor, table, f"{table}_wall", "UNIQUE (organisation_id, id)")
        for model in rows:
            for field in model._meta.local_fields:
                if isinstance(field, WithinOrganisation | OneWithinOrganisation):
                    _add(schema_editor, model._meta.db_table, _name(model, field), _reference(field))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Nothing to take back: the tables that carry the walls are dropped by their own migrations."""

    def describe(self) -> str:
        return "Raise the walls between organisations"


def _rows(app_label: str, state: Any) -> list[type[models.Model]]:
    return [m for m in state.apps.get_app_config(app_label).get_models() if _is_row(m)]


def _is_row(model: type[models.Model]) -> bool:
    names = {field.name for field in model._meta.local_fields}
    return {"id", "organisation"} <= names


def _name(model: type[models.Model], field: models.Field) -> str:
    return f"{model._meta.db_table}_{field.name}_wall"[:63]


def _reference(field: models.ForeignKey) -> str:
    other = field.remote_field.model._meta.db_table
    return f'FOREIGN KEY (organisation_id, "{field.column}") REFERENCES "{other}" (organisation_id, id)'


def _add(schema_editor: BaseDatabaseSchemaEditor, table: str, name: str, definition: str) -> None:
    schema_editor.execute(
        f"""DO $$ BEGIN
              IF NOT EXISTS (SELECT 1 FROM pg_constraint
                             WHERE conname = '{name}' AND conrelid = '"{table}"'::regclass) THEN
                ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition};
              END IF; END $$"""  # nosec B608 # only names of ours are put in
    )
