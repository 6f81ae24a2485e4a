"""Ask Resend whether the key is good and the sender's domain may send. Sends nothing."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import quoted
from apps.providers.http import Answer
from apps.providers.resend.wire import domains
from apps.providers.resend.writing import domain_of

TESTING = "resend.dev"
QUOTA_HEADERS = ("x-resend-daily-quota", "x-resend-monthly-quota")


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    sender = access.settings.get("sender", "")
    domain = domain_of(sender)
    if not domain:
        return [Finding("error", f"The sender “{quoted(sender)}” is not a mail address. Correct it.", "sender")]
    try:
        answer, known = domains(access)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]
    if known is None:
        text = "Signed in; the key may send and nothing else, as it should be."
        return [Finding("ok", text, "sign-in"), _unseen(domain), *_limits(answer)]
    found = [Finding("ok", "Signed in.", "sign-in"), _sender(domain, known)]
    text = "The key may do everything in Resend; one with “Sending access” for this domain is enough."
    return [*found, Finding("warning", text, "rights"), *_limits(answer)]


def _unseen(domain: str) -> Finding:
    text = f"A key that may only send cannot ask whether {domain} is verified: look in Resend, or send a test mail."
    return Finding("warning", text, "domain")


def _sender(domain: str, known: dict[str, str]) -> Finding:
    if domain == TESTING:
        text = f"{TESTING} is Resend's domain for tests: it mails only the address of the account's owner."
        return Finding("warning", text, "domain")
    status = known.get(domain)
    if status == "verified":
        return Finding("ok", f"The domain {domain} is verified.", "domain")
    if status is None:
        return Finding("error", f"Resend knows no domain {domain}. Add and verify it there.", "domain")
    text = f"The domain {domain} is not verified ({status}), so Resend refuses its mails. Verify it there."
    return Finding("error", text, "domain")


def _limits(answer: Answer) -> list[Finding]:
    """Return what the headers tell about limits; the quotas' names are not documented, so they may be missing."""
    found = []
    if limit := answer.headers.get("ratelimit-limit"):
        text = f"Resend takes {quoted(limit)} requests a second from this team; a batch is one."
        found.append(Finding("ok", text, "limits"))
    for name in QUOTA_HEADERS:
        if used := answer.headers.get(name):
            found.append(Finding("ok", f"Resend's {name.split('-')[2]} quota: {quoted(used)} used.", "quota"))
    return found
