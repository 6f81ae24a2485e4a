"""Write the mails of an audience, with the mail library: one mail for each address, nobody sees the others.

django-anymail knows how Resend wants a mail written (names beside addresses, international domains, headers). Only its
payload is used: its backend would send by a client of its own, past the address guard, the deadline, the permission
asked right before sending and the masking of secrets, and would take defaults from settings that belong to no
connection. So the payload is made of an explicit message with empty defaults, never sees the key, and leaves through
the one HTTP module like everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from anymail.backends.resend import EmailBackend, ResendPayload
from anymail.exceptions import AnymailError, AnymailInvalidAddress
from anymail.message import AnymailMessage
from anymail.utils import parse_address_list
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from apps.providers.base import ProviderError
from apps.providers.endings import quoted

TAG = "rollback_portal"
TAG_LETTERS = re.compile(r"[^A-Za-z0-9_-]")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def broken(addresses: Sequence[str]) -> list[str]:
    """Return the addresses that no mail can be sent to, as they were written and shortened."""
    return [quoted(address) or "an empty one" for address in addresses if _parsed(address) is None]


def written(sender: str, reply_to: str, parameters: Mapping[str, Any], marker: str) -> list[dict[str, Any]]:
    """Return the mails of the call as Resend takes them, always the same bytes for the same call.

    `marker` becomes a tag, by which delivery reports name the step. Raises ProviderError.
    """
    message = AnymailMessage(
        subject=parameters["subject"],
        body=parameters["text"],
        from_email=sender,
        to=unique(parameters["to"]),
        reply_to=[reply_to] if reply_to else None,
        merge_data={},  # its way to ask for one mail for each address
        esp_extra={"tags": [{"name": TAG, "value": TAG_LETTERS.sub("-", marker)[:256]}]},
    )
    if html := parameters.get("html"):
        message.attach_alternative(html, "text/html")
    try:
        payload = ResendPayload(message, {}, EmailBackend(api_key="not-used", ignore_unsupported_features=False))
        mails: list[dict[str, Any]] = json.loads(payload.serialize_data())
    except AnymailError as error:
        raise ProviderError(f"The mail cannot be written: {quoted(error)}") from None
    return mails


def unique(addresses: Sequence[str]) -> list[str]:
    """Return the addresses in their order, each once: who is named twice gets one mail."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(_parsed(address) or address, address.strip())
    return list(found.values())


def domain_of(sender: str) -> str:
    """Return the domain of a sender such as “Ops <ops@harbour.example>” in lower case, or an empty text."""
    return (_parsed(sender) or "").rpartition("@")[2]


def _parsed(address: str) -> str | None:
    """Return the bare address in lower case, or None for anything but exactly one address that can be mailed to."""
    if CONTROL.search(address):  # a line break would begin another header
        return None
    try:
        (found,) = parse_address_list([address])
        EmailValidator(allowlist=())(found.addr_spec)  # not even localhost
    except (AnymailInvalidAddress, ValidationError, ValueError):
        return None
    return str(found.addr_spec).lower()
