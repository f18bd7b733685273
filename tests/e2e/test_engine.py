"""The real Pulumi engine and the real alicloud provider build stack ``local`` in a local cloud.

What a change of the settings would do is asked of ``preview``; that it does so, of the cloud.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.loop import Loop, event
from lab.running_cloud import RunningCloud
from ops.prune.command import commands_of, prune
from ops.review import difference
from ops.review.plan import step_of
from tests.e2e.deployed import ROOT
from tests.e2e.pulumi_project import ENGINE, Project, planned

pytestmark = ENGINE

SETTINGS = "ecs-provisioning-loop:settings"
BUS = "provisioning-local"
EVENTBRIDGE = "2020-04-01"
ANOTHER_SECRET = f"SEC{'7' * 64}"
Edit = Callable[[dict[str, Any], Path], object]


@pytest.fixture(scope="module")
def deployed(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the stack as ``up`` left it."""
    project = Project(tmp_path_factory.mktemp("engine") / "project", cloud.endpoint)
    project.up()
    return project


@pytest.fixture
def project(deployed: Project) -> Iterator[Project]:
    """Return the stack with the committed settings."""
    yield deployed
    deployed.reset()


def set_to(*path: str, value: Any) -> Edit:
    """Return an edit that sets one value, in the settings or among the secrets."""

    def edit(config: dict[str, Any], _folder: Path) -> None:
        place = config
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value

    return edit


def give_devops_a_package(config: dict[str, Any], folder: Path) -> None:
    """Change one role of the catalogue, and with it the script."""
    catalogue = yaml.safe_load((ROOT / "scripts/provision/roles.yaml").read_text())
    catalogue["roles"]["devops"]["packages"].append("tree")
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(catalogue))
    config[SETTINGS]["roles_file"] = str(folder / "catalogue.yaml")


EVERY_RULE = {
    "loop-archive-rule": "update",
    "loop-chats-audit-completed-rule": "update",
    "loop-chats-audit-failed-rule": "update",
    "loop-chats-board-completed-rule": "update",
    "loop-chats-board-failed-rule": "update",
    "loop-chats-results-rule": "update",
    "loop-native-archive-rule": "update",
    "loop-native-confirm-rule": "update",
    "loop-native-members-rule": "update",
    "loop-native-provision-rule": "update",
    "loop-onboarding-rule": "update",
    "loop-requests-rule": "update",
    "loop-results-rule": "update",
}
LOOP_DOCUMENT = {
    "loop-chats-post-to-chat-function": "update",
    "loop-requests-run-command-function": "update",
    "loop-results-publish-result-function": "update",
}
# With a function go what it is called by and how: the cloud deletes them together.
POST_TO_CHAT = [
    f"loop-chats-post-to-chat-{part}"
    for part in ("asynchronous", "concurrency", "every-minute", "function")
]
COMMAND_ID = {
    "loop-requests-run-command-function": "update",
    # Under another name, so that the old one goes last.
    "loop-requests-run-command-attachment": "replace",
    "loop-requests-run-command-policy": "replace",
}
POLICY_NAME = {
    "loop-requests-run-command-attachment": ["policyName"],
    "loop-requests-run-command-policy": ["policyName"],
}

CHANGES = [
    # A command cannot be changed in the cloud: whatever it says replaces it. The function and its
    # policy name the new one; the loop document holds the script's hash.
    pytest.param(
        give_devops_a_package,
        {"loop-provision-command": "replace", **COMMAND_ID, **LOOP_DOCUMENT},
        {"loop-provision-command": ["commandContent", "name"], **POLICY_NAME},
        id="script",
    ),
    # Where a role is provisioned stands in the loop document alone.
    pytest.param(
        set_to(SETTINGS, "roles", "contractor", value="db"),
        LOOP_DOCUMENT,
        {},
        id="role",
    ),
    # A third source of approvals: the rules of requests and of the archive match it, too.
    pytest.param(
        set_to(SETTINGS, "sources", "lark.request", value={"platform": "lark", "chat": "people"}),
        {
            "loop-archive-rule": "update",
            "loop-intake-lark.request": "create",
            "loop-requests-rule": "update",
            **LOOP_DOCUMENT,
        },
        {},
        id="pattern",
    ),
    pytest.param(set_to(SETTINGS, "retry", value="BACKOFF_RETRY"), EVERY_RULE, {}, id="retry"),
    # The function that posts holds the secrets of its chats, and nothing else does.
    pytest.param(
        set_to("ecs-provisioning-loop:chat-ops-secret", value=ANOTHER_SECRET),
        {"loop-chats-post-to-chat-function": "update"},
        {},
        id="secret of a chat that a function serves",
    ),
    # EventBridge posts to this chat by itself, so its rules' targets hold the secret.
    pytest.param(
        set_to("ecs-provisioning-loop:chat-audit-secret", value=ANOTHER_SECRET),
        {
            "loop-chats-audit-completed-rule": "update",
            "loop-chats-audit-failed-rule": "update",
        },
        {},
        id="secret of a chat that rules serve",
    ),
    pytest.param(
        set_to(SETTINGS, "command", "max_parallel_requests", value=4),
        {"loop-requests-run-command-concurrency": "create"},
        {},
        id="parallel requests",
    ),
    # The time limit is part of both commands.
    pytest.param(
        set_to(SETTINGS, "command", "timeout_seconds", value=120),
        {
            "loop-deprovision-command": "replace",
            "loop-provision-command": "replace",
            **COMMAND_ID,
        },
        {
            "loop-deprovision-command": ["timeout"],
            "loop-provision-command": ["timeout"],
            **POLICY_NAME,
        },
        id="timeout",
    ),
]


@pytest.mark.parametrize(("edit", "expected", "reasons"), CHANGES)
def test_a_change_touches_only_what_it_must(
    project: Project, edit: Edit, expected: dict[str, str], reasons: dict[str, list[str]]
) -> None:
    """Each kind of change updates the resources that hold it; only commands are replaced."""
    project.change(edit)
    steps = project.preview()
    assert planned(steps) == dict(sorted(expected.items()))
    assert {
        step["urn"].rpartition("::")[2]: sorted(step["replaceReasons"])
        for step in steps
        if step.get("replaceReasons") and step["op"] in {"replace", "create-replacement"}
    } == reasons


def test_a_new_script_is_two_variables_of_run_command(project: Project) -> None:
    """What is not known before the command exists hides none of the other variables."""
    project.change(give_devops_a_package)
    (step,) = (s for s in project.preview() if s["urn"].endswith("run-command-function"))
    assert [line.split(": ")[0] for line in difference.lines(step_of(step))] == [
        "! environmentVariables.CommandId",
        "! environmentVariables.LOOP.script_sha256",
    ]


def test_the_state_holds_no_secret_in_clear(project: Project) -> None:
    """A variable that is a secret stays one by itself, as an input and as the provider read it."""
    config = yaml.safe_load(project.file.read_text())["config"]
    secrets = [value for key, value in config.items() if re.search(r":(chat|onboarding)-", key)]
    (state,) = (project.folder / "state").rglob("local.json")
    text = state.read_text()
    assert secrets
    assert [secret for secret in secrets if json.dumps(secret)[1:-1] in text] == []


def test_nothing_changes_the_second_time(project: Project) -> None:
    """After ``up`` the state, the program and the cloud agree."""
    assert project.up() == {}
    assert project.refresh() == {}
    assert planned(project.preview()) == {}


def test_the_loop_works_as_the_engine_built_it(cloud: RunningCloud, project: Project) -> None:
    """An approval becomes an account and a message, as after a deployment without the engine."""
    loop = Loop(cloud.ready, project.outputs())
    seen = loop.last_message("ops")
    loop.post("dingtalk.approval", event("dingtalk-approval"))
    message = loop.next_message("ops", seen)["text"]
    assert [word for word in ("Provisioned", "E123") if word in message] == ["Provisioned", "E123"]
    assert loop.account("i-local0001", "emp-e123")


def test_all_changes_at_once_reach_the_cloud_and_back(
    cloud: RunningCloud, project: Project
) -> None:
    """What the plans say is what ``up`` does, and the committed settings undo it."""
    client = cloud.client()

    def rule() -> dict[str, Any]:
        asked = {"EventBusName": BUS, "RuleName": "provision"}
        found: dict[str, Any] = client.rpc(EVENTBRIDGE, "GetRule", asked)["Data"]
        return found

    before = project.outputs()
    for change in CHANGES:
        project.change(change.values[0])  # type: ignore[arg-type]  # the first value is the edit
    project.up()
    after = project.outputs()
    assert after["command_id"] != before["command_id"]
    assert "lark.request" in after["webhooks"]
    assert "lark.request" in rule()["FilterPattern"]
    assert rule()["Targets"][0]["PushRetryStrategy"] == "BACKOFF_RETRY"
    environment = client.fc("GET", f"/functions/{BUS}-run-command")["environmentVariables"]
    assert (environment["CommandId"], environment["Timeout"]) == (after["command_id"], "120")
    reserved = client.fc("GET", f"/functions/{BUS}-run-command/concurrency")
    assert reserved["reservedConcurrency"] == 4
    chats = client.fc("GET", f"/functions/{BUS}-post-to-chat")["environmentVariables"]["CHATS"]
    assert json.loads(chats)["ops"]["secret"] == ANOTHER_SECRET

    project.reset()
    undone = project.up()
    assert undone["loop-intake-lark.request"] == "delete"
    assert "lark.request" not in rule()["FilterPattern"]
    assert project.up() == {}
    state = json.loads(project.run("stack", "export").stdout)
    assert len(prune(project.access(cloud), commands_of(state)).deleted) > 0
    commands = client.rpc("2014-05-26", "DescribeCommands", {})["Commands"]["Command"]
    assert len(commands) == 2, "the replaced commands are gone"


QUEUED = ("requests", "results", "onboarding", "native-confirm", "native-members")


def test_events_may_take_other_ways_and_come_back(cloud: RunningCloud, project: Project) -> None:
    """A rule with other targets comes before the old one goes; nothing differs the second time."""
    loop = Loop(cloud.ready, project.outputs())

    def approved(employee: str) -> None:
        seen = loop.last_message("ops")
        request = json.loads(event("dingtalk-approval"))
        request["detail"] |= {"emp_id": employee, "request_id": f"way-{employee}"}
        loop.post("dingtalk.approval", json.dumps(request).encode())
        assert employee in loop.next_message("ops", seen)["text"]

    project.change(set_to(SETTINGS, "function_delivery", value="queue"))
    assert project.up() == {
        **{f"loop-{rule}-rule": "replace" for rule in sorted((*QUEUED, "native-provision"))}
    }
    assert project.up() == {}
    approved("E555")

    project.change(set_to(SETTINGS, "function_delivery", value="stream"))
    made = project.up()
    assert {made[f"loop-{rule}-rule"] for rule in QUEUED} == {"update"}
    assert [made[f"loop-{way}-stream"] for way in ("requests", "results", "onboarding")] == [
        "create"
    ] * 3
    assert project.up() == {}
    assert project.refresh() == {}
    approved("E556")

    project.reset()
    assert project.up()["loop-requests-stream"] == "delete"
    assert project.up() == {}
    approved("E557")


def delete_rule(cloud: RunningCloud) -> None:
    """Delete a rule behind the engine's back."""
    asked = {"EventBusName": BUS, "RuleName": "provision"}
    cloud.client().rpc(EVENTBRIDGE, "DeleteRule", asked)


def delete_function(cloud: RunningCloud) -> None:
    """Delete a function behind the engine's back."""
    cloud.client().fc("DELETE", f"/functions/{BUS}-post-to-chat")


def detach_policy(cloud: RunningCloud) -> None:
    """Take a role's policy away behind the engine's back."""
    cloud.client().rpc(
        "2015-05-01",
        "DetachPolicyFromRole",
        {
            "PolicyName": f"{BUS}-publish-result",
            "PolicyType": "Custom",
            "RoleName": f"{BUS}-publish-result",
        },
    )


def change_pattern(cloud: RunningCloud) -> None:
    """Let a rule match nothing, behind the engine's back."""
    asked = {"EventBusName": BUS, "RuleName": "archive", "FilterPattern": '{"source":["no"]}'}
    cloud.client().rpc(EVENTBRIDGE, "UpdateRule", asked)


def test_damage_is_found_by_refresh_and_mended_by_up(cloud: RunningCloud, project: Project) -> None:
    """What somebody deleted or changed by hand is seen and put right, and nothing else moves."""
    for damage in (delete_rule, delete_function, detach_policy, change_pattern):
        damage(cloud)
    found = project.refresh()
    assert found == {
        "loop-archive-rule": "update",
        **dict.fromkeys(POST_TO_CHAT, "delete"),
        "loop-requests-rule": "delete",
        "loop-results-publish-result-attachment": "delete",
    }
    mended = project.up()
    assert mended == {
        "loop-archive-rule": "update",
        **dict.fromkeys(POST_TO_CHAT, "create"),
        "loop-requests-rule": "create",
        "loop-results-publish-result-attachment": "create",
    }
    assert project.refresh() == {}
    assert project.up() == {}


def test_destroy_leaves_nothing(cloud: RunningCloud, project: Project) -> None:
    """Only what was there before is left: the instances and the default bus."""
    project.destroy()
    # A command may be running, so the engine deletes none: `make destroy` does, at its end.
    assert len(prune(project.access(cloud), ()).deleted) == 2
    left = Loop(cloud.ready, {}).inspector.get("resources")
    assert left == {"ecs.instance": ["i-local0001", "i-local0002"], "eventbridge.bus": ["default"]}
    project.up()
