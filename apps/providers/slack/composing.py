"""What a message is made of: plain text, and blocks where a title, facts or a link are given.

Nothing that people typed can call a channel or hide a link. Limits: slack_sdk.models.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import ActionsBlock, Block, HeaderBlock, LinkButtonElement, SectionBlock
from slack_sdk.models.blocks.basic_components import MarkdownTextObject

from apps.providers.base import Parameter

LONGEST_TEXT = 40_000  # characters; Slack cuts what is longer
LONGEST_SECTION = 3000
LONGEST_TITLE, LONGEST_FACT, MOST_FACTS, LONGEST_LINK = 150, 2000, 10, 3000
OPEN = "Open in the portal"
RICH = (
    Parameter("title", "Title", required=False, help="Stands above the text; at most 150 characters."),
    Parameter("facts", "Facts", kind="list", required=False, help="At most ten, each “Name: value”."),
    Parameter(
        "link", "Link", required=False, help="Where the button under the text leads; begins with https:// or http://."
    ),
)
_LINKED = re.compile(r"<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>")


def content(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return `text` and, where it is more than text, `blocks` of a message."""
    made = blocks(parameters)
    text = plain(parameters["text"])
    return {"text": text, "blocks": made} if made else {"text": text}


def plain(text: str) -> str:
    """Return a text that Slack shows as it is: no <!channel>, no hidden links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of a message, none where it is text only. Raises SlackObjectFormationError."""
    title, facts, link = parameters.get("title"), parameters.get("facts"), parameters.get("link")
    if not (title or facts or link):
        return []
    made: list[Block] = [HeaderBlock(text=title)] if title else []
    made.append(SectionBlock(text=MarkdownTextObject(text=plain(parameters["text"]))))
    if facts:
        made.append(SectionBlock(fields=[MarkdownTextObject(text=_fact(fact)) for fact in facts]))
    if link:
        made.append(ActionsBlock(elements=[LinkButtonElement(text=OPEN, url=link, action_id="open")]))
    return [block.to_dict() for block in made]


def problems(parameters: Mapping[str, Any]) -> Sequence[str]:
    """Return why Slack would not take a message as it is written."""
    if len(parameters["text"]) > LONGEST_TEXT:
        return (f"The text is longer than {LONGEST_TEXT} characters.",)
    found = [*_limits(parameters)]
    if found:
        return found
    try:
        blocks(parameters)
    except SlackObjectFormationError as error:
        return (f"Slack cannot show this message: {error}.",)
    return ()


def digest(parameters: Mapping[str, Any]) -> str:
    """Return the fingerprint of what a message is to say, by which an update knows that it was made."""
    said = json.dumps(content(parameters), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def comparable(text: Any) -> str:
    """Return a text as it can be compared: Slack puts addresses into angle brackets, and trims."""
    return " ".join(_LINKED.sub(r"\1", str(text or "")).split())


def texts_in(found: Any) -> list[str]:
    """Return every text of blocks in their order, as it can be compared; Slack adds ids and the like to them."""
    if isinstance(found, list):
        return [text for one in found for text in texts_in(one)]
    if not isinstance(found, dict):
        return []
    own = [comparable(found["text"])] if isinstance(found.get("text"), str) else texts_in(found.get("text"))
    return own + [text for name in ("fields", "elements") for text in texts_in(found.get(name))]


def _limits(parameters: Mapping[str, Any]) -> list[str]:
    title, facts, link = (parameters.get(name) or "" for name in ("title", "facts", "link"))
    found = []
    if (title or facts or link) and len(plain(parameters["text"])) > LONGEST_SECTION:
        found.append(f"With a title, facts or a link the text has at most {LONGEST_SECTION} characters.")
    if len(title) > LONGEST_TITLE:
        found.append(f"The title is longer than {LONGEST_TITLE} characters.")
    if len(facts) > MOST_FACTS or any(len(_fact(fact)) > LONGEST_FACT for fact in facts):
        found.append(f"There may be {MOST_FACTS} facts of {LONGEST_FACT} characters each.")
    if link and (not link.startswith(("https://", "http://")) or len(link) > LONGEST_LINK or not link.isprintable()):
        found.append("The link must begin with https:// or http:// and be one address.")
    return found


def _fact(fact: str) -> str:
    name, colon, value = fact.partition(":")
    return f"*{plain(name.strip())}*\n{plain(value.strip())}" if colon else plain(fact)
