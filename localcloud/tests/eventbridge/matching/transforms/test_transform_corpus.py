"""Every file beside this one is a transform with its outcome; the file's name is the test's id.

`result/` holds what the target gets (null: nothing), `invalid/` what is rejected at the rule's
creation, `failing/` what fails on the event. The event "sample" is `sample.json`.
"""

from pathlib import Path
from typing import Any

import pytest

from localcloud.eventbridge.matching.json_text import parse
from localcloud.eventbridge.matching.transform import (
    InvalidTransformError,
    Transform,
    TransformError,
)

_HERE = Path(__file__).parent
_SAMPLE = parse((_HERE / "sample.json").read_text("utf-8"))


def _cases(outcome: str) -> list[Any]:
    files = sorted((_HERE / outcome).glob("*.json"))
    return [pytest.param(parse(file.read_text("utf-8")), id=file.stem) for file in files]


def _compile(case: dict[str, Any]) -> Transform:
    return Transform.compile(case["form"], case.get("value"), case.get("template"))


def _event(case: dict[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = _SAMPLE if case["event"] == "sample" else case["event"]
    return event


@pytest.mark.parametrize("case", _cases("result"))
def test_transform_gives_the_text(case: dict[str, Any]) -> None:
    """The transform gives exactly this text, or nothing."""
    assert _compile(case).apply(_event(case)) == case["result"]


@pytest.mark.parametrize("case", _cases("invalid"))
def test_transform_is_rejected(case: dict[str, Any]) -> None:
    """The transform is rejected with the engine's message and a reason."""
    with pytest.raises(InvalidTransformError) as caught:
        _compile(case)
    assert caught.value.message == f"The config is invalid. which is [{case['shown']}]."
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("case", _cases("failing"))
def test_transform_fails_on_the_event(case: dict[str, Any]) -> None:
    """The transform compiles, and fails on the event with a reason."""
    transform = _compile(case)
    with pytest.raises(TransformError) as caught:
        transform.apply(_event(case))
    assert str(caught.value) == case["reason"]
