"""Sealed credentials open only with the right key and only for the row they were sealed for."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from apps.providers import sealing

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]


def test_what_was_sealed_comes_back() -> None:
    token = sealing.seal({"token": "sécret"}, "connection:1")
    assert "cret" not in token
    assert sealing.open_sealed(token, "connection:1") == {"token": "sécret"}


def test_a_sealed_text_moved_to_another_row_does_not_open() -> None:
    token = sealing.seal({"token": "secret"}, "connection:1")
    with pytest.raises(sealing.SealBroken, match="another connection"):
        sealing.open_sealed(token, "connection:2")


def test_a_changed_text_does_not_open() -> None:
    token = sealing.seal({"token": "secret"}, "connection:1")
    with pytest.raises(sealing.SealBroken, match="cannot be opened"):
        sealing.open_sealed(token[:-4] + "AAA=", "connection:1")


def test_rotation_makes_the_old_key_needless(settings: Settings) -> None:
    token = sealing.seal([1, 2], "connection:1")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotated = sealing.rotate(token)
    settings.ENCRYPTION_KEYS = f"{NEW},"
    assert sealing.open_sealed(rotated, "connection:1") == [1, 2]
    for use in (lambda: sealing.open_sealed(token, "connection:1"), lambda: sealing.rotate(token)):
        with pytest.raises(sealing.SealBroken):
            use()


@pytest.mark.parametrize("keys", [[], "", ["not a key"], ["c2hvcnQ="]])
def test_missing_or_wrong_keys_are_said_plainly(keys: object, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = keys
    with pytest.raises(sealing.KeysMissing, match="ENCRYPTION_KEYS"):
        sealing.seal({}, "connection:1")
