"""A secret is masked in every form in which it could come back."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.redaction import MASK, redact, secrets_in

SECRET = 'p4ss/w+ord="§'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps({"t": SECRET}),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"u:{SECRET} and more".encode()).decode(),
    ],
)
def test_no_form_of_a_secret_is_left(text: str) -> None:
    masked = redact(f"before {text} after", [SECRET])
    assert MASK in masked
    assert SECRET not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@given(
    st.text(alphabet=st.characters(max_codepoint=126, min_codepoint=33), min_size=12, max_size=40),
    st.text(max_size=9),
)
def test_no_base64_of_a_secret_is_left(secret: str, before: str) -> None:
    encoded = base64.b64encode(f"{before}{secret}".encode()).decode()
    start = len(before.encode()) * 4 // 3 + 2
    assert encoded[start : start + 8] not in redact(encoded, [secret])


def test_secrets_are_found_at_any_depth() -> None:
    found = secrets_in({"headers": {"Authorization": "Bearer abcdefgh"}, "list": ["ijklmnop"], "port": 1})
    assert {"Bearer abcdefgh", "abcdefgh", "ijklmnop"} <= set(found)


def test_short_values_are_left_alone() -> None:
    assert redact("a rollback of web", secrets_in({"a": "web", "b": ""})) == "a rollback of web"
