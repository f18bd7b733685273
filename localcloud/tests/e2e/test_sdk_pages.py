"""Lists come in pages, in each product's own way of turning them; read by the official SDKs."""

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models as ecs
from alibabacloud_eventbridge20200401 import models as eventbridge
from alibabacloud_fc20230330 import models as fc
from alibabacloud_mns_open20220119 import models as mns_open
from alibabacloud_ram20150501 import models as ram

from lab.sdks import Sdks, archive, encoded, policy

REGION = "cn-hangzhou"

PAGES = [
    pytest.param(
        lambda sdks, page: (
            sdks.eventbridge.list_event_buses(
                eventbridge.ListEventBusesRequest(name_prefix="many-", limit=2, next_token=page)
            ).body.data
        ),
        lambda data: [bus.event_bus_name for bus in data.event_buses],
        lambda data: data.next_token,
        id="eventbridge",
    ),
    pytest.param(
        lambda sdks, page: (
            sdks.ram.list_policies(
                ram.ListPoliciesRequest(policy_type="Custom", max_items=2, marker=page)
            ).body
        ),
        lambda body: [p.policy_name for p in body.policies.policy],
        lambda body: body.marker,
        id="ram",
    ),
    pytest.param(
        lambda sdks, page: (
            sdks.ecs.describe_commands(
                ecs.DescribeCommandsRequest(
                    region_id=REGION, name="many-*", max_results=2, next_token=page
                )
            ).body
        ),
        lambda body: [c.name for c in body.commands.command],
        lambda body: body.next_token,
        id="ecs",
    ),
    pytest.param(
        lambda sdks, page: (
            sdks.fc.list_functions(
                fc.ListFunctionsRequest(prefix="many-", limit=2, next_token=page)
            ).body
        ),
        lambda body: [f.function_name for f in body.functions],
        lambda body: body.next_token,
        id="fc",
    ),
    pytest.param(
        lambda sdks, page: (
            sdks.mns_open.list_queue(
                mns_open.ListQueueRequest(queue_name="many-", page_size=2, page_num=int(page or 1))
            ).body.data
        ),
        lambda data: [q.queue_name for q in data.page_data],
        lambda data: str(data.page_num + 1) if data.page_num < data.pages else "",
        id="mns",
    ),
]


@pytest.fixture(scope="module")
def many(sdks: Sdks) -> list[str]:
    """Make five of everything that is listed in pages; give their names."""
    names = [f"many-{number}" for number in range(5)]
    for name in names:
        sdks.eventbridge.create_event_bus(eventbridge.CreateEventBusRequest(event_bus_name=name))
        document = policy("ecs:*", Resource="*")
        sdks.ram.create_policy(ram.CreatePolicyRequest(policy_name=name, policy_document=document))
        sdks.ecs.create_command(
            ecs.CreateCommandRequest(
                region_id=REGION, name=name, type="RunShellScript", command_content=encoded("true")
            )
        )
        sdks.fc.create_function(
            fc.CreateFunctionRequest(
                body=fc.CreateFunctionInput(
                    function_name=name,
                    handler="index.handler",
                    runtime="python3.12",
                    code=fc.InputCodeLocation(zip_file=archive("")),
                )
            )
        )
        sdks.mns_open.create_queue(mns_open.CreateQueueRequest(queue_name=name))
    return names


@pytest.mark.parametrize(("ask", "names_of", "next_of"), PAGES)
def test_pages_give_everything_once(
    sdks: Sdks,
    many: list[str],
    ask: Callable[[Sdks, str | None], Any],
    names_of: Callable[[Any], list[str]],
    next_of: Callable[[Any], str],
) -> None:
    """Page after page, each of at most two, until there is none: nothing is missed or doubled."""
    found: list[str] = []
    page: str | None = None
    for _ in range(10):
        part = ask(sdks, page)
        assert len(names_of(part)) <= 2
        found += names_of(part)
        page = next_of(part) or None
        if page is None:
            break
    assert sorted(name for name in found if name.startswith("many-")) == many
