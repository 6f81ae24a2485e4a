"""How Stripe's API is spoken. Sources: stripe/openapi (fixtures3.json), docs.stripe.com/keys and /rate-limits."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted

API = Api(
    "Stripe",
    "https://api.stripe.com",
    lambda access: {"Authorization": f"Bearer {credential(access, 'api_key', 'Stripe')}"},
)


def balance(access: Access) -> dict[str, Any]:
    """Return the balance as Stripe describes it. Raises ProviderError."""
    answer = API.read(access, "/v1/balance")
    if answer.ok:
        body = answer.json()
        if dig(body, "object") != "balance" or not isinstance(dig(body, "livemode"), bool):
            raise ProviderError(f"Stripe answered {answer.status} with something that is not a balance.")
        return dict(body)
    if dig(_body(answer), "error", "code") == "more_permissions_required":
        raise ProviderError(
            "The balance could not be read: the key lacks the right to read it. "
            "Give the restricted key “Balance: Read” in Stripe's dashboard."
        )
    raise API.unreadable(access, answer, "The balance")


def currencies(body: dict[str, Any]) -> list[str]:
    """Return the currencies that a balance speaks of, sorted; the amounts are nobody's business here."""
    funds = [*(dig(body, "available") or []), *(dig(body, "pending") or [])]
    return sorted({quoted(dig(fund, "currency")).upper() for fund in funds if dig(fund, "currency")})


def _body(answer: Any) -> Any:
    try:
        return answer.json()
    except ProviderError:
        return None
