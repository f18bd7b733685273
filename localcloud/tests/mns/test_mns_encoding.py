"""The XML of messages: what was sent is what is read."""

from xml.etree import ElementTree

import pytest

from localcloud.mns import encoding


def carried(text: str) -> str | None:
    """Return a text as whoever receives a message reads it."""
    written = encoding.write("Message", {"MessageBody": text})
    return ElementTree.fromstring(written)[0].text


@pytest.mark.parametrize(
    "text", ["a\r\n\tb", "<&>\"'", "]]>", "&amp;", "\x7f\x85\u2028", "\U0001f600"]
)
def test_a_text_is_read_as_it_was_sent(text: str) -> None:
    """Markup, line ends and every character that XML has."""
    assert carried(text) == text


@pytest.mark.parametrize("code", [0, 0x0B, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
def test_what_xml_cannot_carry_is_replaced(code: int) -> None:
    """One message with such a character does not make all of its batch unreadable."""
    assert carried(f"a{chr(code)}b") == "a\ufffdb"
