"""Judge what somebody enters for a connection by the fields its provider declares. Asks nobody outside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.providers import outbound
from apps.providers.base import Provider
from apps.providers.declaring import Field
from apps.providers.registry import UnknownProvider
from apps.providers.registry import provider as provider_called
from apps.timeline.answers import Unacceptable

LONGEST_VALUE = 10_000  # characters; the longest credential in use is a JSON key file of about 2 500
LONGEST_NAME = 120
LONGEST_ADDRESS = 500


def known_provider(slug: str) -> Provider:
    """Return the provider called `slug`. Raises Unacceptable for an unknown one."""
    try:
        return provider_called(slug)
    except UnknownProvider:
        raise Unacceptable("There is no provider of that name.", code="unknown_reference", field="provider")


def checked_name(name: str) -> str:
    """Return the name that people will read, without blanks around it. Raises Unacceptable."""
    name = _clean(name.strip(), "name")
    if not name:
        raise Unacceptable("Give the connection a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise Unacceptable(f"A name has at most {LONGEST_NAME} characters.", field="name")
    return name


def checked_base_url(base_url: str, schemes: Sequence[str] = ("https", "http")) -> str:
    """Return an address that the outbound guard lets through, or an empty text. Raises Unacceptable."""
    base_url = base_url.strip()
    if not base_url:
        return ""
    if not schemes:
        raise Unacceptable("This provider has no address: leave it empty.", field="base_url")
    if len(base_url) > LONGEST_ADDRESS:
        raise Unacceptable(f"An address has at most {LONGEST_ADDRESS} characters.", field="base_url")
    try:
        outbound.check_address(base_url, schemes=schemes)
    except outbound.AddressRefused as refused:
        raise Unacceptable(str(refused), code="address_not_allowed", field="base_url")
    if "?" in base_url:
        raise Unacceptable("Address not allowed: leave out the part from “?” on.", field="base_url")
    return base_url.rstrip("/")


def checked_fields(fields: Sequence[Field], given: Mapping[str, Any], group: str) -> dict[str, Any]:
    """Return the values of `given` that `fields` declare; `group` (settings, credentials) is for refusals.

    Raises Unacceptable for an unknown name, a missing required value or a value of the wrong kind.
    """
    known = {field.name: field for field in fields}
    for name in given:
        if name not in known:
            raise Unacceptable(f"“{name}” is not one of the {group} of this provider.", field=f"{group}.{name}")
    found = {}
    for name, field in known.items():
        value = _checked_value(field, given.get(name), f"{group}.{name}")
        if value is not None:
            found[name] = value
        elif field.required:
            raise Unacceptable(f"“{name}” ({field.label}) is missing.", field=f"{group}.{name}")
    return found


def _checked_value(field: Field, value: Any, where: str) -> Any:
    """Return the value, or None where nothing was given."""
    if value is None or value == "" or value == {}:
        return None
    if field.kind == "json":
        return _checked_json(value, where)
    if field.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value}"
    if not isinstance(value, str):
        raise Unacceptable(f"“{field.name}” must be a text.", field=where)
    value = _clean(value.strip().replace("\r\n", "\n"), where)
    if len(value) > LONGEST_VALUE:
        raise Unacceptable(f"“{field.name}” has more than {LONGEST_VALUE} characters.", field=where)
    if value and field.kind in OF_A_KIND:
        OF_A_KIND[field.kind](field, value, where)
    return value or None


def _refuse_no_number(field: Field, value: str, where: str) -> None:
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", value):
        raise Unacceptable(f"“{field.name}” must be a number, such as 42 or 0.5.", field=where)


def _refuse_no_choice(field: Field, value: str, where: str) -> None:
    if value not in field.choices:
        raise Unacceptable(f"“{field.name}” must be one of: {', '.join(field.choices)}.", field=where)


def _refuse_no_email(field: Field, value: str, where: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise Unacceptable(f"“{field.name}” must be a mail address, such as oncall@example.com.", field=where) from None


def _refuse_no_url(field: Field, value: str, where: str) -> None:
    """An address that is entered as a setting may be called as well, so it passes the same guard as any other."""
    try:
        outbound.check_address(value)
    except outbound.AddressRefused as refused:
        raise Unacceptable(str(refused), code="address_not_allowed", field=where) from None


# What is entered is kept as a text whatever its kind; these refuse a text that is not of it.
OF_A_KIND: dict[str, Callable[[Field, str, str], None]] = {
    "number": _refuse_no_number,
    "choice": _refuse_no_choice,
    "email": _refuse_no_email,
    "url": _refuse_no_url,
}


def _checked_json(value: Any, where: str) -> dict[str, str]:
    """Return a flat object of texts, which is all that a provider declares so far (headers)."""
    if not isinstance(value, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
        raise Unacceptable("This must be an object of names and texts.", field=where)
    return {_clean(name.strip(), where): _clean(text.strip(), where) for name, text in value.items()}


def _clean(text: str, where: str) -> str:
    """Refuse control and half characters: no provider takes them, and Postgres cannot store some."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text if character not in "\n\t"):
        raise Unacceptable("This holds a control character, which cannot be stored.", field=where)
    return text
