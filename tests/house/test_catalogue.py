"""The walls between organisations, read from the database's own catalogue: no table and no reference without them."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, models

from apps.timeline.walls import OneWithinOrganisation, WithinOrganisation

# Whole rooms that Django and its companions furnish.
NOT_OURS = ("django_", "auth_", "guardian_", "account_", "socialaccount_", "mfa_", "usersessions_")
# Our tables that belong to no organisation, or are its root.
WITHOUT_ORGANISATION = {
    "accounts_organisation": "the organisation itself",
    "accounts_user": "an account may be in several organisations",
    "accounts_user_groups": "Django's groups, which we do not use",
    "accounts_user_user_permissions": "Django's permissions, which we do not use",
    "accounts_setuplink": "made before there is an organisation",
    "rollbacks_worker": "a worker works for everybody",
    "rollbacks_ground": "one database holds everybody",
}
# Their primary key is the organisation.
ONE_ROW_PER_ORGANISATION = {"timeline_head"}

COLUMNS = """
SELECT c.table_name, bool_or(c.column_name = 'organisation_id' AND c.is_nullable = 'NO')
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY c.table_name
"""
UNIQUES = """
SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
 WHERE contype IN ('u', 'p') AND connamespace = 'public'::regnamespace
   AND ARRAY(SELECT attname::text FROM unnest(conkey) k JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k
             ORDER BY attname) = ARRAY['id', 'organisation_id']
"""
REFERENCES = """
SELECT conname::text, conrelid::regclass::text, confrelid::regclass::text,
       ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)
             JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.n ORDER BY k.o),
       ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(n, o)
             JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k.n ORDER BY k.o)
  FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""


def asked(question: str) -> list[tuple]:
    """Return the rows of a question to the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def tables() -> dict[str, bool]:
    """Return our tables → whether each row must name its organisation."""
    return {name: walled for name, walled in asked(COLUMNS) if not name.startswith(NOT_OURS)}


def test_every_row_names_its_organisation(db: None) -> None:
    found = tables()
    assert len(found) > 30
    assert [name for name, walled in found.items() if not walled and name not in WITHOUT_ORGANISATION] == []
    assert sorted(name for name in WITHOUT_ORGANISATION if found.get(name, True)) == [], "Take it off the list."


def test_every_table_can_be_referred_to_together_with_its_organisation(db: None) -> None:
    unique = {name for (name,) in asked(UNIQUES)}
    missing = set(tables()) - unique - set(WITHOUT_ORGANISATION) - ONE_ROW_PER_ORGANISATION
    assert sorted(missing) == []


def test_no_reference_can_cross_from_one_organisation_to_another(db: None) -> None:
    walled = {name for name, has in tables().items() if has}
    crossing = [
        name
        for name, here, there, columns, their_columns in asked(REFERENCES)
        if here in walled and there in walled
        if columns[:1] != ["organisation_id"] or their_columns[:1] != ["organisation_id"]
    ]
    assert crossing == []


def test_every_reference_of_the_models_is_one_of_the_database(db: None) -> None:
    kept = {(here, column) for _, here, _, columns, _ in asked(REFERENCES) for column in columns}
    loose = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and (model._meta.db_table, field.column) not in kept
    ]
    assert loose == []


def test_every_reference_between_rows_of_an_organisation_is_declared_as_one(db: None) -> None:
    walled = {name for name, has in tables().items() if has}
    undeclared = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.db_table in walled
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and field.remote_field.model._meta.db_table in walled
        and not isinstance(field, WithinOrganisation | OneWithinOrganisation)
    ]
    assert undeclared == []
