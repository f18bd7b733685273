"""A query finds the entries that it describes, and says where it is wrong."""

import pytest

from localcloud.errors import ApiError
from localcloud.sls.query import compile_query

ENTRY = {
    "__topic__": "FCLogs:run-command",
    "message": 'Started i-local0001 for "E123" (devops)',
    "level": "INFO",
    "requestId": "0001-ab",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", True, id="nothing finds everything"),
        pytest.param("  ", True, id="blanks find everything"),
        pytest.param("*", True, id="star finds everything"),
        pytest.param("started", True, id="case does not matter"),
        pytest.param("start", False, id="whole words only"),
        pytest.param("start*", True, id="star ends a word"),
        pytest.param("E123", True, id="quotes delimit words"),
        pytest.param("i-local0001", True, id="hyphens belong to words"),
        pytest.param("local0001", False, id="no part of a word"),
        pytest.param("level: info", True, id="field"),
        pytest.param("level:warn", False, id="field with another value"),
        pytest.param("level: *", True, id="field that is there"),
        pytest.param("missing: *", False, id="field that is not there"),
        pytest.param('message: "i-local0001 for"', True, id="words in a row"),
        pytest.param('message: "for i-local0001"', False, id="words in another order"),
        pytest.param('__topic__: "FCLogs:run-command"', True, id="quoted colon"),
        pytest.param("devops info", True, id="two words, both there"),
        pytest.param("devops error", False, id="two words, one there"),
        pytest.param("devops and not error", True, id="not"),
        pytest.param("error or info", True, id="or"),
        pytest.param("error or info and missing", False, id="and binds tighter than or"),
        pytest.param("(error or info) and devops", True, id="brackets"),
        pytest.param("not (error or info)", False, id="not with brackets"),
        pytest.param("'", False, id="only delimiters"),
    ],
)
def test_a_query_finds_what_it_describes(query: str, expected: bool) -> None:
    """A query is true for an entry or not."""
    assert compile_query(query)(ENTRY) is expected


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("* | select count(*)", "no SQL"),
        ('"open', "quotes are closed"),
        ("(a or b", "a ')' for each '('"),
        ("a and", "a word or a quoted text"),
        ("a:", "a word or a quoted text"),
        ("a )", "no ')' there"),
    ],
)
def test_a_wrong_query_is_refused(query: str, reason: str) -> None:
    """What cannot be evaluated is an error with the reason, never an empty result."""
    with pytest.raises(ApiError) as failure:
        compile_query(query)
    assert failure.value.code == "ParameterInvalid"
    assert reason in failure.value.message
