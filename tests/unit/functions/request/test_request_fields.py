"""The declaration of a request: what follows from it fits together."""

from functions.request import tags
from functions.request.fields import FIELDS, PARAMETERS, POSTED, Request
from tests.unit.functions.samples import REQUEST


def test_an_invocation_carries_the_whole_request() -> None:
    """What a run was started with is what its completion finds again."""
    assert Request.carried(REQUEST.tags(), REQUEST.parameters()) == REQUEST


def test_what_is_empty_is_no_tag() -> None:
    """Cloud Assistant takes no tag without a value."""
    assert all(REQUEST._replace(requested_by="").tags().values())


def test_every_field_travels_one_way() -> None:
    """A field is a tag of its own or a parameter, and tags have the length that ECS takes."""
    carried = [field.tag or name for name, field in FIELDS.items() if field.tag or field.parameter]
    assert len(set(carried)) == len(FIELDS)
    assert all(len(field.tag) <= 64 for field in FIELDS.values())
    assert not {tags.PREFIX, tags.PART} & {field.tag for field in FIELDS.values()}


def test_what_the_script_takes_is_checked() -> None:
    """No parameter reaches the script without a pattern; the moment is the cloud's own word."""
    assert PARAMETERS == ("emp_id", "role", "moment", "expires", "ssh_key", "request_hash")
    assert all(
        POSTED[name].pattern for name in PARAMETERS if name not in {"moment", "request_hash"}
    )
    assert all(FIELDS[name].required for name in ("emp_id", "role"))
