"""What is read can be kept and sent on; what is written every parser reads."""

import json
import math

import pytest

from localcloud import strict_json
from localcloud.eventbridge.matching.json_text import Number

DEEP = "[" * 101 + "]" * 101


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "-1e400",
        '{"a": [1e309]}',
        "NaN",
        "Infinity",
        "-Infinity",
        "9" * 309,
        "9" * 5000,
        '"\\ud800"',
        '{"\\udfff": 1}',
        DEEP,
        "[" * 100_000,
        '{"a":' * 100_000,
        "",
        "{",
        "{'a': 1}",
        b"\xff",
        b'"\xed\xa0\x80"',
        '"a"'.encode("utf-16"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_cannot_be_kept_is_refused(text: str | bytes) -> None:
    """As one kind of error, whatever is wrong."""
    with pytest.raises(ValueError, match=r"\S"):
        strict_json.read(text)


@pytest.mark.parametrize(
    "text",
    ["0", "-0.0", "1e308", "9" * 308, '"\\ud83d\\ude00"', '"😀"', "[[[1]]]", DEEP[1:-1], "null"],
    ids=lambda text: repr(text[:20]),
)
def test_json_is_read(text: str) -> None:
    """As the library reads it, and so does the other form."""
    assert json.loads(text) == strict_json.read(text) == strict_json.read(text.encode())


def test_members_may_be_made_otherwise() -> None:
    """For whoever must see a name that comes twice."""
    assert strict_json.read('{"a":1,"a":2}', lambda pairs: pairs) == [("a", 1), ("a", 2)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, None, "ü"]}, '{"a":[1,2.5,null,"ü"]}'),
        ({"a": math.inf, "b": (1, -math.inf)}, '{"a":"inf","b":[1,"-inf"]}'),
        ([math.nan, {"n": [Number("1e400")]}], '["nan",{"n":["1e400"]}]'),
    ],
)
def test_what_is_written_is_strict(value: object, text: str) -> None:
    """A number that JSON has no form for becomes a text, with the text it had."""
    assert strict_json.write(value) == text
    json.loads(strict_json.write(value), parse_constant=pytest.fail)
