"""Labels are found where the configuration says, in events and in runs."""

import json

import pytest

from localcloud.labels import LONGEST, Label, values

KNOWN = {
    "employee": Label(("data.body.detail.emp_id", "data.detail.emp_id", "parameters.emp_id")),
    "order": Label(("tags.shop:order",)),
}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"data": {"body": {"detail": {"emp_id": "E1"}}}}, {"employee": "E1"}),
        ({"data": {"body": json.dumps({"detail": {"emp_id": "E1"}})}}, {"employee": "E1"}),
        ({"data": {"body": "{no JSON"}}, {}),
        ({"data": {"detail": {"emp_id": 7.0}}}, {"employee": "7.0"}),
        ({"data": {"detail": {"emp_id": True}}}, {}),
        ({"data": {"detail": {"emp_id": {"a": 1}}}}, {}),
        ({"parameters": {"emp_id": "E1"}, "tags": {"shop:order": "9"}},
         {"employee": "E1", "order": "9"}),
        ({"data": {"body": {"detail": {"emp_id": ""}}, "detail": {"emp_id": "E2"}}},
         {"employee": "E2"}),
        ({"data": None}, {}),
    ],
)  # fmt: skip
def test_the_first_path_that_leads_to_a_value_counts(
    found: dict[str, object], expected: dict[str, str]
) -> None:
    """Whatever else stands on the way is no value, and never an error."""
    assert values(KNOWN, found) == expected


def test_a_value_is_bounded() -> None:
    """What a sender wrote does not fill a table."""
    assert len(values(KNOWN, {"parameters": {"emp_id": "x" * 999}})["employee"]) == LONGEST
