"""Ready texts: the messages of playbooks, filled with what is known."""

from __future__ import annotations

import pytest

from apps.communications.models import Update
from apps.communications.wording import ready_text, ready_texts
from apps.playbooks import lifecycle as playbooks
from apps.timeline.answers import Unacceptable
from apps.timeline.log import SYSTEM
from tests.incidents.factories import released

CONTENT = """
version: 1
slug: back
name: Back
update_cadence_minutes: 15
inputs:
  impact: {title: Impact, default: a short break}
steps:
  - {name: Answers, check: {path: /, status: 200}}
messages:
  - name: Started
    audience: internal
    text: >-
      {release.version} goes back to {target.version}: {incident.title}. Expect {inputs.impact}.
      Next in {playbook.update_cadence_minutes} minutes.
  - {name: Public, audience: public, text: "We are putting it right ({rollback.url})."}
"""


@pytest.fixture
def published(environment):
    draft = playbooks.draft(environment.organisation, by=SYSTEM, content=CONTENT)
    return playbooks.publish(draft, by=SYSTEM, comment="first")


def test_a_ready_text_is_filled_and_shows_what_is_missing(incident, environment, published):
    released(environment, "v2.30.4", 500, good=True)
    released(environment, "v2.31.0", 10)
    started, public = ready_texts(incident)
    assert started.text == (
        "v2.31.0 goes back to v2.30.4: Share links fail for agencies. Expect a short break. Next in 15 minutes."
    )
    assert (started.audience, started.cadence_minutes) == ("internal", 15)
    assert public.text == "We are putting it right (…)."


def test_a_template_is_found_by_its_name_or_refused_with_those_there_are(incident, published):
    assert ready_text(incident, " public ").audience == "public"
    with pytest.raises(Unacceptable, match="“Started”, “Public”"):
        ready_text(incident, "Poem")


def test_what_a_title_says_is_never_evaluated(incident, environment, published):
    incident.title = "{release.version} {0.__class__} %(x)s"
    assert "{release.version} {0.__class__} %(x)s" in ready_text(incident, "Started").text


def test_programs_and_pages_use_the_same_texts(program, page, ian, incident, published):
    answer = program(ian).post(f"/incidents/{incident.pk}/updates", {"audience": "public", "template": "Public"})
    assert answer.status_code == 201
    assert Update.objects.get().text == "We are putting it right (…)."
    text = page(ian).get(f"/incidents/{incident.pk}/updates/", {"template": "Started"}).content.decode()
    assert "Expect a short break" in text
