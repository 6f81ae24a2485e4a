"""Two looks at settings are compared by keyed fingerprints, and by times where a value is never told."""

from datetime import UTC, datetime

from apps.providers.variables import Change, Variable, changes, fingerprint

EARLIER, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
KEY = b"a key of the portal"


def test_a_fingerprint_says_nothing_without_its_key_and_its_name() -> None:
    mark = fingerprint(KEY, "API_KEY", "12345")
    assert mark == fingerprint(KEY, "API_KEY", "12345")
    assert len(mark) == 16
    others = [fingerprint(b"other", "API_KEY", "12345"), fingerprint(KEY, "OTHER", "12345")]
    assert mark not in others
    assert fingerprint(KEY, "A", "B:C") != fingerprint(KEY, "A:B", "C")


def test_added_removed_and_changed_are_told_by_name() -> None:
    before = [Variable("A", "1"), Variable("B", "2", EARLIER), Variable("C", "3")]
    after = [Variable("B", "9", LATER), Variable("C", "3", LATER), Variable("D", "4", LATER)]
    assert changes(before, after) == [
        Change("A", "removed", "1", ""),
        Change("B", "changed", "2", "9", LATER),
        Change("D", "added", "", "4", LATER),
    ]


def test_what_cannot_be_read_has_changed_when_its_time_has() -> None:
    assert changes([Variable("A", "", EARLIER)], [Variable("A", "", EARLIER)]) == []
    assert changes([Variable("A", "", EARLIER)], [Variable("A", "", LATER)]) == [Change("A", "changed", "", "", LATER)]
    assert [one.kind for one in changes([Variable("A")], [Variable("A", "", LATER)])] == ["changed"]


def test_a_time_alone_changes_nothing_where_the_value_is_the_same() -> None:
    assert changes([Variable("A", "1", EARLIER)], [Variable("A", "1", LATER)]) == []
