"""Watch a stream as far as its playlists, as a viewer would: no segment is fetched, so nothing is counted as a view."""

from __future__ import annotations

from apps.providers.base import Access, CheckResult, ProviderError
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer
from apps.providers.mux.signing import token
from apps.providers.mux.wire import MANIFEST, STREAM, ask, beside, segment, stream_path, watch

REASONS = {
    400: "the playback id is malformed",
    403: "a token is missing, has expired or is for something else, or a playback restriction keeps us out",
    404: "there is no such playback id; is it an asset's id?",
}
Readings = list[tuple[str, str]]


def result(access: Access, playback_id: str, signed: bool) -> CheckResult:
    """Return whether the stream can be watched. Raises ProviderError where nothing is known."""
    query = {"token": token(access, playback_id)} if signed else None
    answer = watch(access, stream_path(playback_id), query)
    if answer.status == 412:
        return _not_playable(access, playback_id)
    if answer.status == 429 or 300 <= answer.status < 400:
        raise STREAM.unreadable(access, answer, "The stream")
    if not answer.ok:
        why = REASONS.get(answer.status, "the video cannot be delivered just now")
        return _no(f"The stream answers {answer.status}: {why}.")
    if not answer.body.startswith(MANIFEST):
        return _no(f"The stream answers {answer.status}, but not with a playlist.")
    readings: Readings = [("done", f"The manifest came in {answer.seconds * 1000:.0f} ms.")]
    if (failed := _rendition(access, answer, readings)) is not None:
        return failed
    text = "The stream can be watched."
    return CheckResult(True, text, (*readings, ("done", text)))


def _rendition(access: Access, manifest: Answer, readings: Readings) -> CheckResult | None:
    """Ask for the manifest's first playlist; return a failure, or None and a line in the readings."""
    lines = [line.strip() for line in manifest.body.decode("utf-8", "replace").splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if not first:
        return _no("The stream's manifest names no playlist, so there is nothing to watch.")
    there = beside(access, first)
    if there is None:
        readings.append(("unknown", "The manifest's playlist lies elsewhere and was not asked for."))
        return None
    answer = watch(access, there[1], base_url=there[0])
    if not answer.ok or not answer.body.startswith(MANIFEST):
        return _no(f"The manifest came, but its first playlist does not: it answers {answer.status}.")
    readings.append(("done", f"The first playlist came in {answer.seconds * 1000:.0f} ms."))
    return None


def _not_playable(access: Access, playback_id: str) -> CheckResult:
    """Ask what the playback id belongs to: a live stream that is idle is no outage, an asset in the making is one."""
    try:
        _, found = ask(access, f"/playback-ids/{segment(playback_id, 'a Mux playback id', 128)}", "The playback id")
    except ProviderError as error:
        return _no(f"The stream answers 412: it exists, but cannot be played. {error}")
    kind, key = dig(found, "object", "type"), quoted(dig(found, "object", "id"))
    if kind == "live_stream":
        text = f"The live stream {key} is idle just now, which tells nothing about playback. Ask for a recording."
        return CheckResult(None, text, (("unknown", text),))
    return _no(f"The stream answers 412: the asset {key} is not ready to be played.")


def _no(text: str) -> CheckResult:
    return CheckResult(False, text, (("failed", text),))
