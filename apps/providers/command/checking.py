"""Look whether what the operator allows can be started. Starts nothing."""

from __future__ import annotations

import os
from pathlib import Path

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.command.allowing import Command, place_of


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        place = place_of(access)
        place.variables(access)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    names = ", ".join(place.commands) or "none"
    found = [Finding("ok", f"The operator's file knows the place “{place.name}”; allowed: {names}.", "sign-in")]
    return found + [finding for command in place.commands.values() for finding in _startable(command)]


def _startable(command: Command) -> list[Finding]:
    program = Path(command.argv[0])
    if not program.is_file() or not os.access(program, os.X_OK):
        return [Finding("error", f"“{command.name}”: {program} is not a program here.", command.name)]
    if not Path(command.directory).is_dir():
        return [Finding("error", f"“{command.name}”: there is no directory {command.directory}.", command.name)]
    return [Finding("ok", f"“{command.name}” ({command.title}) can be started.", command.name)]
