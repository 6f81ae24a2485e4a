"""Ask a Lighthouse CI server whether the project is there and measured. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import quoted
from apps.providers.lighthouse.wire import API, builds, project


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        version = API.read(access, "/version")
        if not version.ok:
            raise API.unreadable(access, version, "The server's version")
        found = project(access)
        branch = access.settings.get("branch") or str(found.get("baseBranch") or "main")
        listed = builds(access, found["id"], branch=branch)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    shown = quoted(version.body[:40].decode("utf-8", "replace"))
    name = quoted(found.get("name") or found["id"])
    told = [Finding("ok", f"Lighthouse CI {shown} answers; the project {name} is there.", "sign-in")]
    if not listed:
        text = f"It has no whole build of the branch {quoted(branch)}: look whether the branch is right."
        return [*told, Finding("warning", text, "builds")]
    text = f"The newest build of the branch {quoted(branch)} was run at {quoted(listed[0]['runAt'])}."
    return [*told, Finding("ok", text, "builds")]
