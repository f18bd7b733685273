"""What the first version made of stacks ``dev`` and ``prod`` becomes what today's program makes.

The stacks have their own names, settings, URNs and encrypted secrets; the account is a local cloud.
In the first version rules called the functions with the event; today they put it into queues. What
is approved before, while and after the engine moves them is carried out, each once.
"""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import yaml

from demo.loop import Loop
from demo.play import CONFIGURATION
from lab.running_cloud import running_cloud
from ops.prune.command import Pruned
from ops.stack import retained
from tests.e2e.pulumi_project import ENGINE, Project
from tests.e2e.test_engine_running_command import FLOCK, hold, names, pruned, run_by_hand
from tests.e2e.test_engine_upgrade import (
    MADE_ANEW,
    OLD_READINGS,
    SETTINGS,
    deploy_first_version,
    in_the_cloud,
    resources,
)
from tests.unit.stacks.conftest import fake_secrets, settings_of
from tests.unit.stacks.urns import first_version

pytestmark = ENGINE

TAGS = {
    "dev": {1: {"environment": "dev", "provisioning": "allowed"}},
    "prod": {2: {"environment": "prod", "role": "db"}},
}
SOURCES = {"dev": "dingtalk.approval.dev", "prod": "dingtalk.approval"}
MOVED = {"loop-onboarding-rule", "loop-requests-rule", "loop-results-rule"}
"""Rules with other targets; each has another name, and stood beside its predecessor."""


def of_a_company(settings: dict[str, Any]) -> None:
    """Put what a company has in place of the examples: here, one machine."""
    for source in (*settings["sources"].values(), settings["onboarding"]):
        if "allowed_ips" in source:
            source["allowed_ips"] = ["127.0.0.1"]
    if "bastions" in settings["instances"]:
        settings["instances"]["bastions"]["ids"] = ["i-local0001"]
    if "alarms" in settings:
        # The local cloud has no CloudMonitor.
        settings["alarms"]["robot"] = False


def post_all_the_while(post: Callable[[str], object], posted: list[str], ended: Event) -> None:
    """Approve one employee after another until the update has ended."""
    while not ended.wait(2.0):
        posted.append(f"E{200 + len(posted)}")
        post(posted[-1])


def results(loop: Loop) -> list[tuple[str, str]]:
    """Return whom each result on the bus is about, and how it ended."""
    found = [each["event"] for each in loop.events(1000) if each["source"] == "ecs.provisioning"]
    details = [event["data"]["detail"] for event in found]
    return sorted((detail["emp_id"], detail["InvocationStatus"]) for detail in details)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_of_an_account_is_upgraded_under_way(stack: str, tmp_path: Path) -> None:
    """Nothing that holds events or requests is made anew, and no approval is lost or run twice."""
    around = yaml.safe_load(CONFIGURATION.read_text())
    around |= {"readings": OLD_READINGS, "instance_tags": TAGS[stack]}
    (tmp_path / "cloud.yaml").write_text(yaml.safe_dump(around))
    account = ("--account", settings_of(stack).account_id)
    with running_cloud(tmp_path / "data", *account, config=tmp_path / "cloud.yaml") as cloud:
        project = Project(tmp_path / "project", cloud.endpoint, stack=stack)
        project.change(lambda config, _: of_a_company(config[SETTINGS]))
        secrets = fake_secrets(stack)
        project.set_secrets(secrets)
        deploy_first_version(project, tmp_path / "first", of_a_company)
        had, before = resources(project), project.outputs()
        assert had.keys() == first_version(stack)

        loop, source = Loop(cloud.ready, before), SOURCES[stack]
        token = secrets.get(f"ecs-provisioning-loop:source-{source}-token", "")

        def post(employee: str) -> None:
            detail = {"emp_id": employee, "role": "devops", "request_id": f"r-{employee}"}
            body = {"source": source, "detail-type": "ProvisionRequest", "detail": detail}
            loop.post(source, json.dumps(body).encode(), {"X-Provisioning-Token": token})

        (old,) = names(cloud, stack)
        hold(cloud, loop)
        post("E123")
        loop.wait("the run to be held", lambda: loop.file("i-local0001", "/tmp/held"))
        # Who comes later is not held: an agent runs only so many commands at a time.
        run_by_hand(cloud, f"rm {FLOCK}")
        loop.wait("the tool to go", lambda: not loop.file("i-local0001", FLOCK))

        posted, ended = ["E123"], Event()
        meanwhile = Thread(target=post_all_the_while, args=(post, posted, ended))
        # What `make up` does before it.
        if state := retained.marked(json.loads(project.run("stack", "export").stdout)):
            (tmp_path / "state.json").write_text(json.dumps(state))
            project.run("stack", "import", "--file", str(tmp_path / "state.json"))
        meanwhile.start()
        try:
            project.up()
        finally:
            ended.set()
            meanwhile.join()
        assert project.up() == {}
        had, has = in_the_cloud(had), in_the_cloud(resources(project))
        anew = {name for name in had.keys() & has.keys() if had[name] != has[name]}
        assert anew == MADE_ANEW | MOVED
        assert project.outputs()["webhooks"] == before["webhooks"]
        assert pruned(cloud, project).running == [old]

        run_by_hand(cloud, "touch /tmp/go")
        post("E124")
        posted.append("E124")
        told = {(employee, "Success") for employee in posted}
        loop.wait("a result for each", lambda: set(results(loop)) >= told, 60)
        loop.settle()
        assert set(results(loop)) == told
        assert results(loop).count(("E123", "Success")) == 1
        assert pruned(cloud, project) == Pruned([old], [])
