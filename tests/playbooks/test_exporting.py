"""What is written down reads back as the same playbook with the same hash."""

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.playbooks import exporting, yaml_emitting, yaml_text
from apps.playbooks.nodes import UNREADABLE
from apps.playbooks.parsing import parse, parse_json
from tests.playbooks.examples import FULLEST, SMALLEST


def test_an_export_reads_back_as_the_same_playbook():
    for text in (SMALLEST, FULLEST):
        playbook = parse(text)
        again = parse(exporting.to_yaml(playbook))
        assert again == playbook
        assert exporting.content_hash(again) == exporting.content_hash(playbook)
        assert parse_json(exporting.document(playbook)) == playbook


def test_the_hash_is_of_content_not_of_form():
    other_form = SMALLEST.replace("on_failure: continue", "usual_seconds: ")
    assert exporting.content_hash(parse(other_form + "# a comment\n")) == exporting.content_hash(parse(SMALLEST))
    changed = SMALLEST.replace("share:", "share2:")
    assert exporting.content_hash(parse(changed)) != exporting.content_hash(parse(SMALLEST))


def test_the_hash_of_the_published_example_stays():
    assert exporting.content_hash(parse(SMALLEST)) == "97bd821a36e795ad41dbdef5074f3914b28e3086f7728f6589e1c30f3d01e303"


KEPT_TEXT = st.one_of(
    st.text().filter(lambda text: not UNREADABLE.search(text) and "\r" not in text),
    st.lists(
        st.sampled_from(["a", " ", "\n", ":", "#", "- ", "|", "true", "1", "'", '"', "{", "}", "~", "\t", "é"])
    ).map("".join),
)
KEPT_NAME = KEPT_TEXT.map(lambda name: name[:50])
KEPT = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | KEPT_TEXT
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEPT_NAME, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(KEPT_NAME, KEPT, min_size=1, max_size=4))
def test_every_value_survives_yaml(document):
    read = yaml_text.read(yaml_emitting.emit(document)).plain()
    assert read == document
    assert repr(read) == repr(document)
