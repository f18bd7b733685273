"""The XML of MNS's data plane, read and written."""

from collections.abc import Iterable, Mapping

# The parser never sees a document type: no entities, hence nothing to expand or to fetch.
from xml.etree import ElementTree

from localcloud.mns.errors import MalformedXmlError

# With the slash at its end, in answers and in errors alike: so it stands in "API response" and
# "Syntax of error responses", and so the official SDKs write it.
_NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_NOT_IN_XML = (*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
"""Characters that XML 1.0 can't carry, not even escaped ("Characters")."""
_IN_XML = dict.fromkeys(_NOT_IN_XML, "\ufffd") | str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
)


def read(body: bytes, root: str) -> ElementTree.Element:
    """Return the element of a request's body; its tags lose their namespace."""
    if b"<!DOCTYPE" in body.upper():
        raise MalformedXmlError("a document type is not accepted")
    try:
        element = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise MalformedXmlError(str(error)) from None
    for each in element.iter():
        each.tag = str(each.tag).rpartition("}")[2]
    if element.tag != root:
        raise MalformedXmlError(f"the root element is '{element.tag}'; expected is '{root}'")
    return element


def fields(element: ElementTree.Element) -> dict[str, str]:
    """Return the texts of an element's children by their names."""
    return {str(child.tag): child.text or "" for child in element}


def write(root: str, values: Mapping[str, object]) -> bytes:
    """Write one element with a child for each value."""
    return f'{_HEAD}<{root} xmlns="{_NAMESPACE}">{_children(values)}</{root}>'.encode()


def write_list(
    root: str,
    name: str,
    rows: Iterable[Mapping[str, object]],
    last: Mapping[str, object] | None = None,
) -> bytes:
    """Write an element with one child ``name`` for each row, and those of ``last`` after them."""
    children = "".join(f"<{name}>{_children(row)}</{name}>" for row in rows)
    return (
        f'{_HEAD}<{root} xmlns="{_NAMESPACE}">{children}{_children(last or {})}</{root}>'.encode()
    )


def _children(values: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{_text(value)}</{name}>" for name, value in values.items())


def _text(value: object) -> str:
    return str(value).translate(_IN_XML)
