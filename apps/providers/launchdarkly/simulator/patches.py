"""What a PATCH asks for, in both of its languages."""

from typing import Any

from .account import refused

SEMANTIC = "domain-model=launchdarkly.semanticpatch"


def semantic(body: Any) -> tuple[str, bool | None]:
    """Environment and wanted state of a semantic patch; raises a 400 for what is not understood."""
    if not isinstance(body, dict) or not isinstance(body.get("instructions"), list) or not body["instructions"]:
        raise refused(400, "instructions are required")
    wanted = None
    for instruction in body["instructions"]:
        kind = instruction.get("kind") if isinstance(instruction, dict) else instruction
        if kind not in ("turnFlagOff", "turnFlagOn"):
            raise refused(400, f"Unknown instruction kind {kind}")
        wanted = kind == "turnFlagOn"
    return str(body.get("environmentKey", "")), wanted


def patched(body: Any) -> tuple[str, bool | None]:
    """The same from a JSON Patch; a semantic patch with the wrong content type ends here, with 400."""
    patch = body.get("patch") if isinstance(body, dict) else body
    if not isinstance(patch, list) or not patch:
        raise refused(400, "The body is not a JSON Patch. A semantic patch needs its own content type.")
    for operation in patch:
        if not isinstance(operation, dict):
            raise refused(400, "Each operation of a JSON Patch is an object.")
        parts = str(operation.get("path", "")).strip("/").split("/")
        if operation.get("op") == "replace" and len(parts) == 3 and parts[0] == "environments" and parts[2] == "on":
            return parts[1], bool(operation.get("value"))
    raise refused(400, "Only /environments/<key>/on can be replaced here.")


def comment(body: Any) -> str:
    """The comment that came with a change."""
    return str(body.get("comment", "")) if isinstance(body, dict) else ""
