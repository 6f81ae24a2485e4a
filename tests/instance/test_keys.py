"""The secrets of an instance."""

import pytest
from cryptography.fernet import Fernet

from rollback_portal.instance.keys import keys
from rollback_portal.instance.places import Places
from rollback_portal.instance.speaking import Trouble


def test_the_keys_are_made_once_and_only_their_owner_reads_them(places: Places) -> None:
    first = keys(places.keys, databases=places.databases)
    assert keys(places.keys, databases=places.databases) == first
    assert places.keys.stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == 4


def test_the_encryption_key_is_one_that_fernet_takes(places: Places) -> None:
    Fernet(keys(places.keys, databases=places.databases)["ENCRYPTION_KEYS"])


def test_lost_keys_are_not_silently_replaced_while_their_database_exists(places: Places) -> None:
    (places.databases / "postgres").mkdir(parents=True)
    with pytest.raises(Trouble, match="Put the file back from your copy"):
        keys(places.keys, databases=places.databases)
    assert not places.keys.exists()


def test_a_damaged_file_names_what_is_missing(places: Places) -> None:
    places.keys.write_text("SECRET_KEY=abc\n")
    with pytest.raises(Trouble, match="lacks ENCRYPTION_KEYS, DATABASE_PASSWORD, DATABASE_OWNER_PASSWORD"):
        keys(places.keys, databases=places.databases)
