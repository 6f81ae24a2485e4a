"""What every provider says of itself, held against itself: forms, plans and people rely on these words."""

from pathlib import Path

import pytest

from apps.providers import registry
from apps.providers.base import Provider, Reversibility, Risk
from apps.providers.describing import provider_as_json

EACH = pytest.mark.parametrize("slug", registry.BUILT_IN)
KINDS = {"text", "list", "number", "yes_no", "time", "json", "choice"}
FIELD_KINDS = {"text", "url", "email", "number", "json", "lines", "choice"}


@pytest.fixture
def provider(slug: str) -> Provider:
    """The provider of the test."""
    return registry.provider(slug)


@EACH
def test_an_action_can_be_taken_back_by_the_portal_exactly_where_it_has_an_inverse(provider: Provider) -> None:
    for action in provider.actions:
        assert (action.reversibility is Reversibility.AUTOMATIC) is bool(action.inverse), action.name
        if action.inverse:
            provider.action(action.inverse)
        assert action.undo.strip().endswith("."), action.name
        assert 0 < action.usual_seconds <= action.gives_up_seconds, action.name
        assert not action.parts_of or action.parts_of in {one.name for one in action.parameters}


@EACH
def test_what_destroys_overrides_the_airlock_and_cannot_be_taken_back_by_the_portal(provider: Provider) -> None:
    destructive = [action for action in provider.actions if action.risk is Risk.DESTRUCTIVE]
    for action in destructive:
        assert action.reversibility is not Reversibility.AUTOMATIC, action.name
    if destructive:
        assert type(provider).airlock is not Provider.airlock
        assert provider.support, "a vendor to call stands beside what can destroy"


@EACH
def test_names_are_unique_and_kinds_are_known(provider: Provider) -> None:
    names = [one.name for one in (*provider.actions, *provider.checks)]
    assert len(names) == len(set(names))
    fields = [one.name for one in (*provider.settings, *provider.credentials)]
    assert len(fields) == len(set(fields))
    assert {one.kind for one in (*provider.settings, *provider.credentials)} <= FIELD_KINDS
    for parameters in (*(one.parameters for one in provider.actions), *(one.takes() for one in provider.checks)):
        assert {one.kind for one in parameters} <= KINDS
        assert len({one.name for one in parameters}) == len(parameters)
        assert all(bool(one.choices) is (one.kind == "choice") for one in parameters)


@EACH
def test_who_has_checks_can_be_asked(provider: Provider) -> None:
    assert bool(provider.checks) is (type(provider).examine is not Provider.examine)
    for check in provider.checks:
        assert bool(check.resolution_seconds) <= check.measures, check.name


@EACH
def test_its_readme_names_everything_that_it_declares(provider: Provider) -> None:
    folder = registry.BUILT_IN[provider.slug].rpartition(".provider.")[0].replace(".", "/")
    text = (Path(__file__).resolve().parents[2] / folder / "README.md").read_text()
    declared = (*provider.settings, *provider.credentials, *provider.actions, *provider.checks)
    assert [one.name for one in declared if f"`{one.name}" not in text] == []


@EACH
def test_programs_see_every_word_of_it(provider: Provider) -> None:
    seen = provider_as_json(provider)
    assert [one["name"] for one in seen["actions"]] == [one.name for one in provider.actions]
    assert [one["name"] for one in seen["checks"]] == [one.name for one in provider.checks]
    assert all(one["reversibility"] in set(Reversibility) and one["undo"] for one in seen["actions"])
