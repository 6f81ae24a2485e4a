"""The Clerk instances at the first start, and how to connect to them."""

from typing import Any

from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import State, habits

USERS = 40


def key(organisation: Organisation) -> str:
    """The secret key of an organisation's production instance."""
    return f"sk_live_simulated{organisation.key}"


def start(epoch: float) -> State:
    """An instance with users for every organisation."""
    return {
        "simulation": habits(signing_keys=1),
        "keys": {key(o): o.slug for o in ORGANISATIONS},
        "instances": {o.slug: [_user(o, number, int(epoch * 1000)) for number in range(USERS)] for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"instance": "production"},
            "credentials": {"secret_key": key(o)},
            "objects": {"users": len(state["instances"][o.slug])},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def _user(organisation: Organisation, number: int, at_ms: int) -> dict[str, Any]:
    user = f"user_{organisation.key[:8]}{number:04d}"
    address = {
        "id": f"idn_{user}", "object": "email_address", "email_address": f"user{number}@{organisation.slug}.example",
        "reserved": False, "verification": None, "linked_to": [], "created_at": at_ms, "updated_at": at_ms,
    }  # fmt: skip
    nobody = ("external_id", "primary_phone_number_id", "primary_web3_wallet_id", "username", "mfa_enabled_at",
              "mfa_disabled_at", "lockout_expires_in_seconds", "verification_attempts_remaining", "legal_accepted_at",
              "locale")  # fmt: skip
    none = ("phone_numbers", "web3_wallets", "passkeys", "external_accounts", "saml_accounts", "enterprise_accounts")
    no = ("has_image", "two_factor_enabled", "totp_enabled", "backup_code_enabled", "banned", "locked",
          "create_organization_enabled")  # fmt: skip
    return {
        "id": user, "object": "user", "primary_email_address_id": address["id"], "first_name": "User",
        "last_name": str(number), "email_addresses": [address], "password_enabled": True, "public_metadata": {},
        "delete_self_enabled": True, "last_sign_in_at": at_ms, "last_active_at": at_ms, "created_at": at_ms,
        "updated_at": at_ms, **dict.fromkeys(nobody), **{name: [] for name in none}, **dict.fromkeys(no, False),
    }  # fmt: skip
