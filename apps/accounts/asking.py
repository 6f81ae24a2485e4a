"""Puts the refusal of a verb back into the form it came from, beside the field it names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import Form

from apps.timeline.answers import Unacceptable


@contextmanager
def refuse_into(form: Form) -> Iterator[None]:
    """Turn Unacceptable into an error of the form; every other refusal goes on to its own page."""
    try:
        yield
    except Unacceptable as refusal:
        field = refusal.extra.get("field")
        form.add_error(field if field in form.fields else None, refusal.message)
