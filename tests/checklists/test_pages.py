"""Ticking on the page of the incident, on the item's own page, and by programs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.checklists.models import Tick


def test_the_incident_shows_its_checklists_with_one_form_for_all_buttons(page, ian, incident, checklist, item):
    text = page(ian).get(incident.get_absolute_url()).content.decode()
    assert "Data integrity" in text
    assert "0 of 3" in text
    assert f'value="{item.pk}:done"' in text
    assert text.count('id="tick"') == 1


@pytest.mark.django_db(transaction=True)
def test_one_press_ticks_and_everybody_sees_who_and_when(page, ian, tess, incident, item):
    answer = page(ian).post(reverse("checklists:create_tick"), {"tick": f"{item.pk}:done"})
    assert answer.url == f"{incident.get_absolute_url()}#item-{item.pk}"
    live = page(tess).get(reverse("incidents:now", args=[incident.pk])).content.decode()
    assert "1 of 3" in live
    assert "Ian Commander" in live
    assert "csrf" not in live


def test_a_press_by_htmx_needs_no_answer(page, ian, item):
    given = {"tick": f"{item.pk}:done"}
    answer = page(ian).post(reverse("checklists:create_tick"), given, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_note_and_evidence_are_kept_and_shown(page, ian, item):
    browser = page(ian)
    given = {"result": "done", "note": "Same <b>counts</b>", "evidence": "https://counts.example/1"}
    answer = browser.post(reverse("checklists:create_tick_with_note", args=[item.pk]), given)
    assert answer.status_code == 302
    text = browser.get(reverse("checklists:item", args=[item.pk])).content.decode()
    assert "Same &lt;b&gt;counts" in text
    assert "https://counts.example/1" in text


def test_nobody_else_finds_the_item(page, mallory, stella, item):
    for person, status in ((mallory, 404), (stella, 403)):
        browser = page(person)
        assert browser.get(reverse("checklists:item", args=[item.pk])).status_code == status
        given = {"tick": f"{item.pk}:done"}
        assert browser.post(reverse("checklists:create_tick"), given).status_code == status
    assert not Tick.objects.exists()


@pytest.mark.parametrize("given", ["", "x", "x:done", ":", "\x00:done"])
def test_a_press_that_means_nothing_finds_nothing(page, ian, item, given):
    assert page(ian).post(reverse("checklists:create_tick"), {"tick": given}).status_code == 404


def test_programs_read_and_tick(program, ian, incident, item):
    caller = program(ian)
    found = caller.get(f"/incidents/{incident.pk}/checklists").json()["items"][0]
    assert [one["state"] for one in found["items"]] == ["open", "open", "open"]
    answer = caller.post(f"/checklist-items/{item.pk}/ticks", {"result": "done", "evidence": "graph 7"})
    assert (answer.status_code, answer.json()["item"]["state"]) == (201, "done")
    found = caller.get(f"/incidents/{incident.pk}/checklists").json()["items"][0]
    assert found["items"][0]["ticked"]["person"]["name"] == "Ian Commander"
    assert caller.post(f"/checklist-items/{item.pk}/ticks", {"result": "perhaps"}).json()["field"] == "result"


def test_a_program_of_another_organisation_finds_nothing(program, mallory, incident, item):
    caller = program(mallory)
    assert caller.get(f"/incidents/{incident.pk}/checklists").status_code == 404
    assert caller.post(f"/checklist-items/{item.pk}/ticks", {"result": "done"}).status_code == 404
