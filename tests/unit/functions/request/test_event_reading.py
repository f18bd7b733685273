"""How events, posted bodies and times are read, and what is logged."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud import log, times
from functions.cloud.errors import PermanentError, SettingError, TemporaryError
from functions.request import body, events
from tests.unit.functions.samples import patient

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff", b"[" * 99_999, "text"]
)
def test_what_is_no_event_is_an_error_with_a_name(payload: bytes) -> None:
    """Anything but a JSON object is refused without quoting it."""
    with pytest.raises(PermanentError, match="something that is not an event"):
        events.read(payload)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("ac0d574c-7c35-447a-bd93-fab1example", True),
        ("t-1:i-1:Success", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("a b", False),
        ("a\nb", False),
        ("李", False),
        ("http://x", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_an_odd_id_is_replaced_by_one_that_follows_from_it(value: object, kept: bool) -> None:
    """Any event has an id that a tag and a header can hold, the same at each delivery."""
    payload = json.dumps({"id": value, "data": {"n": 1}})
    first, second = events.read(payload).id, events.read(payload).id
    assert second == first
    assert (first == value) == kept
    assert first.isascii()
    assert 0 < len(first) <= 128


def test_events_without_id_differ_by_their_content() -> None:
    """Two events that have no id are two events."""
    assert events.read(b'{"data":{"n":2}}').id != events.read(b'{"data":{"n":1}}').id


@patient
@given(json_values, st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_a_path_into_nothing_is_nothing(data: Any, path: list[str]) -> None:
    """Looking into an event never raises."""
    event = events.read(json.dumps({"data": data}))
    found = event.get(*path)
    if not isinstance(data, dict) or path[0] not in data:
        assert found is None


@patient
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_an_object_is_read_from_its_text(value: dict[str, Any]) -> None:
    """A posted object is the same whether it was parsed on the way or not."""
    text = json.dumps(value)
    assert body.read(text) == body.read(json.loads(text))


@patient
@given(st.text(max_size=300) | json_values)
def test_reading_a_body_never_raises(value: object) -> None:
    """Whatever was posted is an object or nothing."""
    assert isinstance(body.read(value), dict | None)


def test_a_huge_text_is_not_searched() -> None:
    """A body that no event can hold is nothing."""
    assert body.read('{"a":"' + "x" * 300_000 + '"}') is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T08:00:10+08:00", 10),
        ("1970-01-01T08:00:10.000+08:00", 10),
        ("1970-01-01T08:00:10.965Asia/Shanghai", 10.965),
        ("1970-01-01T00:00:10", 10),
        ("yesterday", None),
        ("", None),
        ("9" * 1000, None),
        (None, None),
        (1767225600, None),
    ],
)
def test_times_have_the_forms_of_the_documentation(text: object, seconds: float | None) -> None:
    """Z, an offset and a zone's name are understood; what is no time is nothing."""
    assert times.parse(text) == seconds


def test_times_are_written_with_milliseconds() -> None:
    """Result events carry their time as CloudEvents want it."""
    assert times.iso(10.965) == "1970-01-01T00:00:10.965Z"


@pytest.mark.parametrize(
    ("start", "finish", "seconds"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:42Z", 42),
        ("2026-01-01T00:00:42Z", "2026-01-01T00:00:00Z", None),
        ("", "2026-01-01T00:00:00Z", None),
        ("x", "y", None),
    ],
)
def test_a_duration_is_known_or_not(start: str, finish: str, seconds: int | None) -> None:
    """A clock that went backwards is no duration."""
    assert times.seconds_between(start, finish) == seconds


def test_a_decision_is_one_line_without_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids that are not known are left out, long ones are cut, line breaks are escaped."""
    log.decision("f", "done", event_id="e\n1", chat="", code=None, attempt=0, long="x" * 999)
    (line,) = capsys.readouterr().out.splitlines()
    expected = {
        "function": "f",
        "decision": "done",
        "event_id": "e\n1",
        "attempt": 0,
        "long": "x" * 200,
    }
    assert json.loads(line) == expected


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TemporaryError("t", "Throttling"), "temporary"),
        (PermanentError("p", "NoPermission"), "permanent"),
        (SettingError("LOOP", "is missing"), "misconfigured"),
    ],
)
def test_a_known_error_is_logged_and_raised(
    error: Exception, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What EventBridge sees as a failure is one line in the log, by its name."""

    def work() -> str:
        raise error

    with pytest.raises(type(error)):
        log.run("f", work)
    line = json.loads(capsys.readouterr().out)
    assert (line["decision"], line["error"]) == (kind, type(error).__name__)
