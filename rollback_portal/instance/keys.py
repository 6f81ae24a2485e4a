"""The secrets of an instance, made at its first start and kept in one file that only its owner may read."""

import base64
import os
import secrets
from pathlib import Path

from rollback_portal.instance.speaking import Trouble

MAKERS = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_PASSWORD": lambda: secrets.token_hex(24),
    "DATABASE_OWNER_PASSWORD": lambda: secrets.token_hex(24),
}


def keys(path: Path, *, databases: Path) -> dict[str, str]:
    """Return the secrets by name, making `path` (mode 0600) when there is none.

    Raises Trouble when `databases` holds data that the missing file would be needed to read.
    """
    if not path.exists():
        if (databases / "postgres").exists():
            raise Trouble(
                f"{path} is missing, but the database it belongs to is there. Nothing was started. "
                "Put the file back from your copy: without it the stored credentials cannot be read."
            )
        _write(path, {name: make() for name, make in MAKERS.items()})
    lines = path.read_text().splitlines()
    known = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    if missing := [name for name in MAKERS if not known.get(name)]:
        raise Trouble(f"{path} lacks {', '.join(missing)}. Nothing was started. Put the file back from your copy.")
    return known


def _write(path: Path, values: dict[str, str]) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("# Made at the first start. Keep a copy: stored credentials cannot be read without it.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
