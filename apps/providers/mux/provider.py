"""Mux: ask whether a video can be watched, and whether an asset is ready."""

from __future__ import annotations

from apps.providers.base import Access, Call, Check, CheckResult, Field, Finding, Parameter
from apps.providers.calling import credential, segment
from apps.providers.endings import dig, quoted
from apps.providers.examining import ReadsOnly, ends_in_a_check_result, unreadable
from apps.providers.mux import checking, watching
from apps.providers.mux.wire import API, ask

PLAYBACK = Check(
    "playback",
    "A video can be watched",
    parameters=(
        Parameter("playback_id", "Playback id", help="Of a recording; an idle live stream tells nothing."),
        Parameter("signed", "Signed", kind="yes_no", required=False, help="Yes where its policy is “signed”."),
    ),
)
ASSET = Check("asset", "An asset is ready", parameters=(Parameter("asset_id", "Asset id"),))


class Mux(ReadsOnly):
    """One Mux environment, read only."""

    slug = "mux"
    name = "Mux"
    default_base_url = API.default_base_url
    credentials = (
        Field("token_id", "Token id", help="An access token with “Mux Video: Read” of the right environment."),
        Field("token_secret", "Token secret"),
        Field("signing_key_id", "Signing key id", required=False, help="For streams that are not public."),
        Field("signing_key", "Signing key", required=False, help="The private key as Mux gave it, in base64 or PEM."),
    )
    checks = (PLAYBACK, ASSET)
    roles = ("media",)
    support = "https://www.mux.com/support"

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look for assets and try the signing key; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Watch a stream as far as its playlists, or read an asset's status."""
        credential(access, "token_id", "Mux")
        if call.action == "asset":
            return _asset(access, call.parameters["asset_id"])
        return watching.result(access, call.parameters["playback_id"], call.parameters.get("signed") is True)


def _asset(access: Access, asset_id: str) -> CheckResult:
    _, found = ask(access, f"/assets/{segment(asset_id, 'a Mux asset id', 128)}", f"The asset {quoted(asset_id)}")
    status = dig(found, "status")
    if status == "ready":
        text = "The asset is ready."
        return CheckResult(True, text, (("done", text),))
    if status == "errored":
        why = "; ".join(quoted(one) for one in dig(found, "errors", "messages") or []) or "Mux does not say why"
        text = f"The asset could not be made: {why.rstrip('.')}."
    elif status == "preparing":
        done = dig(found, "progress", "progress")
        share = f", {done:g} % done" if isinstance(done, int | float) and done >= 0 else ""
        text = f"The asset is still being made{share}."
    else:
        return unreadable(f"Mux tells a status of the asset that is not known: “{quoted(status)}”.")
    return CheckResult(False, text, (("failed", text),))
