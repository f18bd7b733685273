"""Lark's cards: which it takes, and what a client shows of one.

JSON 1.0 ignores what it does not know, JSON 2.0 refuses it.

Sources: "Card JSON 2.0 release notes" and "Card structure" (Lark), and what its users report.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from localcloud.chats.platform import RefusedError
from localcloud.chats.shown import Shown, member, members, plain, text_in

_TOP_2 = {"schema", "config", "card_link", "header", "body", "i18n_header", "i18n_body"}
_BODY_2 = {
    "direction", "padding", "horizontal_spacing", "horizontal_align", "vertical_spacing",
    "vertical_align", "elements",
}  # fmt: skip
_ELEMENTS_2 = {
    "div", "markdown", "plain_text", "lark_md", "hr", "img", "img_combination", "person",
    "person_list", "chart", "table", "audio", "button", "input", "select_static", "select_person",
    "multi_select_static", "multi_select_person", "date_picker", "picker_time", "picker_datetime",
    "overflow", "select_img", "checker", "form", "interactive_container", "collapsible_panel",
    "column_set", "column", "recycling_container",
}  # fmt: skip


def check(card: dict[str, Any]) -> None:
    """Fail if Lark would refuse the card."""
    schema = card.get("schema", "1.0")
    if schema == "2.0":
        _check_2(card)
    elif schema != "1.0":
        raise RefusedError(200621, f"parse card json err, unknown schema {str(schema)[:20]!r}")
    elif not isinstance(card.get("elements", card.get("i18n_elements", [])), list | dict):
        raise RefusedError(200621, "parse card json err, elements is not a list")


def render(card: Mapping[str, Any]) -> Shown:
    """Return a card as text."""
    header = member(card.get("header"))
    title = text_in(member(header.get("title")).get("content"))
    tags = [
        text_in(member(tag.get("text")).get("content"))
        for tag in members(header.get("text_tag_list"))
    ]
    elements = member(card.get("body")).get("elements", card.get("elements"))
    lines = [" ".join([title, *(f"[{tag}]" for tag in tags)]), *_elements(elements)]
    return Shown(title, "\n".join(line for line in lines if line), text_in(header.get("template")))


def _check_2(card: dict[str, Any]) -> None:
    _only_known(card, _TOP_2, "the card")
    config = card.get("config", {})
    if isinstance(config, dict) and config.get("update_multi", True) is not True:
        raise RefusedError(200621, "parse card json err, update_multi can only be true")
    body = card.get("body", {})
    if not isinstance(body, dict) or not isinstance(body.get("elements", []), list):
        raise RefusedError(200621, "parse card json err, body.elements is not a list")
    _only_known(body, _BODY_2, "body")
    for element in _all(body.get("elements", [])):
        tag = element.get("tag")
        if tag not in _ELEMENTS_2:
            # ``action`` and ``note`` of JSON 1.0 are among these.
            raise RefusedError(
                200861,
                "cards of schema V2 no longer support this capability; "
                f"unsupported tag {str(tag)[:40]}",
            )


def _only_known(part: dict[str, Any], known: set[str], where: str) -> None:
    for name in part:
        if name not in known:
            raise RefusedError(
                200621, f"parse card json err, unknown property {name[:40]!r} in {where}"
            )


def _all(elements: object) -> Iterator[dict[str, Any]]:
    """Return elements and those inside them."""
    for element in elements if isinstance(elements, list) else []:
        if not isinstance(element, dict):
            raise RefusedError(200621, "parse card json err, an element is not an object")
        yield element
        for inner in ("elements", "columns", "actions"):
            yield from _all(element.get(inner, []))


def _elements(elements: object) -> Iterable[str]:
    for element in members(elements):
        match element.get("tag"):
            case "div":
                if "text" in element:
                    yield _content(element["text"])
                for field in members(element.get("fields")):
                    # A field is a bold name over its value; side by side they are easier to read.
                    yield _content(field.get("text")).replace("\n", ": ", 1)
            case "markdown" | "plain_text" | "lark_md":
                yield _content(element)
            case "hr":
                yield "---"
            case "button":
                yield f"[{_content(element.get('text'))}] {_url(element)}".rstrip()
            case _:
                for inner in ("text", "extra"):
                    yield from _elements([element.get(inner)])
                for inner in ("elements", "actions", "columns"):
                    yield from _elements(element.get(inner))


def _content(text: object) -> str:
    part = member(text)
    content = text_in(part.get("content"))
    return content if part.get("tag") == "plain_text" else plain(content)


def _url(button: Mapping[str, Any]) -> str:
    opened = next(iter(members(button.get("behaviors"))), {})
    return text_in(button.get("url")) or text_in(opened.get("default_url"))
