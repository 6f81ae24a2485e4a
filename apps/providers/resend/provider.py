"""Resend: mail an audience, one mail for each address, with a key by which Resend recognises a repetition."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Call,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome, refused
from apps.providers.hooks import WEBHOOK_SECRET, SvixHook
from apps.providers.resend import checking, judging
from apps.providers.resend.wire import API, BATCH, LONGEST_KEY, MOST_ADDRESSES
from apps.providers.resend.writing import CONTROL, broken, domain_of, unique, written

LONGEST_SUBJECT = 255  # characters; a longer one is cut by most readers
UNSEEN = (
    "Resend does not tell which mails belong to a key. Sending again within 24 hours is harmless: the key is the same."
)
SEND = Action(
    name="send",
    title="Send a mail",
    parameters=(
        Parameter("to", "To", kind="list", help="At most 100 addresses; each gets a mail of its own."),
        Parameter("subject", "Subject"),
        Parameter("text", "Text"),
        Parameter("html", "HTML", required=False, help="Besides the text, for readers that show it."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.KEYED,
    undo="A mail cannot be called back. Send a correction.",
    usual_seconds=2,
    gives_up_seconds=60,
    settle_seconds=1,
    reversibility=Reversibility.NEVER,
)


class Resend(Provider):
    """One Resend team, by way of a key that may send."""

    slug = "resend"
    name = "Resend"
    default_base_url = API.default_base_url
    settings = (
        Field("sender", "Sender", help="Its domain has to be verified in Resend.", placeholder="Ops <ops@example.com>"),
        Field("reply_to", "Answers go to", required=False, placeholder="support@example.com"),
    )
    credentials = (
        Field("api_key", "API key", help="With “Sending access” for the sender's domain.", placeholder="re_…"),
        WEBHOOK_SECRET,
    )
    hook = SvixHook()
    actions = (SEND,)
    roles = ("mail",)
    support = "https://resend.com/help"

    def problems(self, call: Call) -> Sequence[str]:
        """Name broken addresses and refuse what would begin another header, besides what every provider checks."""
        if found := super().problems(call):
            return found
        return _misaddressed(call.parameters["to"]) + _unsayable(call.parameters["subject"])

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look whether the sender's domain is verified and what the key may do; send nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say that it cannot be seen: what Resend shows of a mail has neither our key nor our tag.

        While a plan is made nothing can have been sent yet, and that is not worth a warning.
        """
        if not sending:
            return Observation(Seen.OTHER, "No mail has been sent yet.")
        return Observation(Seen.UNREADABLE, UNSEEN)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send one batch with a mail for each address: all are taken, or none."""
        sender, reply_to = access.settings.get("sender", ""), access.settings.get("reply_to", "")
        if not domain_of(sender) or (reply_to and not domain_of(reply_to)):
            return refused("Sender or answer address of the connection is not a mail address. Nothing was sent.")
        headers = {"Idempotency-Key": key_of(sending), "x-batch-validation": "strict"}
        mails = written(sender, reply_to, call.parameters, sending.marker)
        answer = API.change(access, sending, "POST", BATCH, body=mails, headers=headers)
        return judging.outcome(answer, API.said(access, answer), len(mails))

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Take Resend's word that it accepted the mails; whether they arrive, its delivery reports tell."""
        text = "Resend confirmed that it took the mails; its delivery reports tell whether they arrive."
        return Verification(Proof.SATISFIED, text, (("done", text),))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        return ("Mails that were sent stay sent.",)

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the mails that were sent."""
        return "" if access.base_url not in ("", self.default_base_url) else "https://resend.com/emails"


def key_of(sending: Sending) -> str:
    """Return the key by which Resend recognises all attempts of a step for 24 hours."""
    return f"rollback-portal-{sending.idempotency_key}"[:LONGEST_KEY]


def _misaddressed(addresses: Sequence[str]) -> list[str]:
    if not addresses:
        return ["“to” names nobody."]
    found = [f"“{address}” is not a mail address." for address in broken(addresses)]
    if len(unique(addresses)) > MOST_ADDRESSES:
        found.append(f"“to” names more than {MOST_ADDRESSES} addresses, the most that Resend takes at once.")
    return found


def _unsayable(subject: str) -> list[str]:
    if CONTROL.search(subject):
        return ["“subject” has a line break or another control character, which a mail's header may not have."]
    if len(subject) > LONGEST_SUBJECT:
        return [f"“subject” is longer than {LONGEST_SUBJECT} characters."]
    return []
