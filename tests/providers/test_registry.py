"""Every provider is found by its slug and describes itself completely."""

import ast
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from apps.providers import registry
from apps.providers.base import Provider
from apps.providers.hosting import Hosting
from apps.providers.slack.provider import Slack

ROOT = Path(registry.__file__).parent


def test_the_built_in_providers_are_all_there() -> None:
    assert [one.slug for one in registry.providers()] == list(registry.BUILT_IN)
    assert registry.provider("vercel") is registry.provider("vercel")


def test_an_unknown_slug_is_refused() -> None:
    with pytest.raises(registry.UnknownProvider):
        registry.provider("teletype")


def test_another_package_can_bring_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("guest", f"{__name__}:Guest", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == entry.group else [])
    assert registry.provider("guest").slug == "guest"
    assert "guest" in [one.slug for one in registry.providers()]
    registry.provider.cache_clear()


@pytest.mark.parametrize("provider", registry.providers(), ids=lambda provider: provider.slug)
def test_a_provider_describes_itself(provider: Provider) -> None:
    assert provider.name
    assert provider.roles
    assert (ROOT / type(provider).__module__.split(".")[2] / "README.md").is_file()
    names = {action.name for action in provider.actions}
    for action in provider.actions:
        assert action.title
        assert action.undo
        assert 0 < action.usual_seconds < action.gives_up_seconds
        assert action.inverse in names | {""}
        assert action.parts_of in {parameter.name for parameter in action.parameters} | {""}
        assert action.lost or action.risk != "destructive"


NAMES_THAT_STAY: dict[str, tuple[set[str], set[str], dict[str, list[str]]]] = {
    "vercel": (
        {"project_id", "team_id"},
        {"token", "webhook_secret"},
        {"rollback": ["deployment"], "promote": ["deployment"]},
    ),
    "launchdarkly": (
        {"project_key", "environment_key"},
        {"token", "webhook_secret"},
        {"flags_off": ["flags"], "flags_on": ["flags"]},
    ),
    "upstash": (set(), {"rest_token"}, {"delete_prefix": ["prefix"], "flush": []}),
    "slack": ({"channel"}, {"bot_token", "signing_secret"}, {"post": ["text", "channel"]}),
    "pagerduty": (
        {"service_id", "from_email"},
        {"api_token", "routing_key", "webhook_secret"},
        {"trigger": ["summary"], "note": ["incident", "content"]},
    ),
    "http": (set(), {"headers"}, {"request": ["method", "path", "json"]}),
}


@pytest.mark.parametrize("slug", NAMES_THAT_STAY)
def test_the_contract_names_of_actions_and_fields_stay(slug: str) -> None:
    settings, credentials, actions = NAMES_THAT_STAY[slug]
    found = registry.provider(slug)
    assert settings <= {field.name for field in found.settings}
    assert credentials <= {field.name for field in found.credentials}
    for name, parameters in actions.items():
        assert set(parameters) <= {parameter.name for parameter in found.action(name).parameters}
    wanted = {parameter for parameters in actions.values() for parameter in parameters}
    for name in actions:
        added = [one.name for one in found.action(name).parameters if one.required and one.name not in wanted]
        assert added == [], "what was written for it before must still be complete"


def test_only_vercel_hosts_releases() -> None:
    assert [one.slug for one in registry.providers() if isinstance(one, Hosting)] == ["vercel"]


def test_only_one_module_imports_httpx() -> None:
    importers = {
        path.relative_to(ROOT.parent).as_posix()
        for path in ROOT.parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        if name.split(".")[0] in ("httpx", "requests", "aiohttp")
    }
    assert importers == {"providers/http.py"}


class Guest(Slack):
    """A provider of another package."""

    slug = "guest"
