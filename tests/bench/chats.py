"""What a group chat hears on a busy day, with the limits of the chats' platforms on.

Each story is one DingTalk chat of stack ``local`` with a robot that takes 20 messages a minute and
then blocks: how long until everybody was named, how many messages that took, what was refused.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from demo.loop import Loop
from demo.play import CONFIGURATION, PROJECT
from localcloud import running as local_clouds
from localcloud.deploy import run as deploy
from tests.bench._named import named

_POST = "provisioning-local-post-to-chat"
_CHATS = "provisioning-local-chats"
_DEAD = "provisioning-local-dead-letters"
_LONGEST_SECONDS = 1800.0


def figures() -> list[dict[str, Any]]:
    """Play a small and a large Monday morning, roles on many instances, and a flood of noise."""
    return [*_morning(200, 60, 1, 15), *_morning(1000, 0, 16, 60), *_many_instances(), *_noise()]


def _morning(approvals: int, refused: int, clients: int, goal: int) -> Iterator[dict[str, Any]]:
    what = f"{approvals} approvals" + (f" and {refused} refused posts" if refused else "")
    with _loop() as loop:
        bodies = [_approval(f"B{n}", "contractor") for n in range(approvals)]
        for n in range(refused):
            bodies.insert(n * len(bodies) // refused, _approval(f"no {n}", "contractor"))
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda body: loop.post("dingtalk.approval", body), bodies))
        _told(loop, {f"B{n}" for n in range(approvals)})
        told, ended = named(loop, "ops", "B"), _last_script(loop)
        late = max(told.values(), default=0.0) - ended
        yield _figure(f"{what}: employees named", len(told), "", str(approvals))
        yield _figure(f"{what}: last name after the last script", late, "s", f"<= {goal}")
        yield from _quiet(loop, what)


def _many_instances() -> Iterator[dict[str, Any]]:
    config = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    config["instance_tags"] = {n: {"role": "db"} for n in range(1, 101)}
    with _loop("--instances", "100", "--dry-run", config=config) as loop:
        loop.post("dingtalk.approval", _approval("M0", "dba"))
        _told(loop, {"M0"})
        first = len(loop.messages("ops"))
        yield _figure("one approval on 100 instances: messages", first, "", "1")
        for n in range(1, 11):
            loop.post("dingtalk.approval", _approval(f"M{n}", "dba"))
        _told(loop, {f"M{n}" for n in range(1, 11)})
        more = len(loop.messages("ops")) - first
        yield _figure("ten such at once: messages", more, "", "<= 10")


def _noise() -> Iterator[dict[str, Any]]:
    def settings(stack: dict[str, Any]) -> None:
        given = stack["config"]["ecs-provisioning-loop:settings"]
        given["sources"]["dingtalk.approval"]["token_required"] = True
        given["command"] = {"max_parallel_requests": 10}
        stack["config"]["ecs-provisioning-loop:source-dingtalk.approval-token"] = "t" * 32

    posts, seconds = 10_000, 60.0
    with _loop(change=settings) as loop:
        begun = time.time()
        with ThreadPoolExecutor(8) as pool:
            tasks = []
            for n in range(posts):
                time.sleep(max(0.0, begun + n * seconds / posts - time.time()))
                tasks.append(pool.submit(loop.post, "dingtalk.approval", _approval(f"X{n}", "dba")))
                if n % (posts // 10) == 0:
                    body = _approval(f"N{n}", "contractor")
                    headers = {"x-provisioning-token": "t" * 32}
                    tasks.append(pool.submit(loop.post, "dingtalk.approval", body, headers))
            for task in tasks:
                task.result()
        took = time.time() - begun
        _told(loop, {f"N{n * posts // 10}" for n in range(10)})
        told = named(loop, "ops", "N")
        scripts = {run["parameters"]["emp_id"]: _ended(run) for run in loop.invocations()}
        late = max(at - scripts[who] for who, at in told.items())
        what = f"{posts} posts without token in {took:.0f} s"
        yield _figure(f"{what}: approvals told", len(told), "", "10")
        yield _figure(f"{what}: longest from script to name", late, "s", "<= 30")
        about = [m for m in loop.messages("ops") if "without the right token" in m["text"]]
        yield _figure(f"{what}: messages about them", len(about), "", "<= 3")
        yield from _quiet(loop, what)


def _quiet(loop: Loop, what: str) -> Iterator[dict[str, Any]]:
    """Return what nobody wants: too many messages, refusals for that, dead letters."""
    times = [message["received_at"] for message in loop.messages("ops", 0, limit=10_000)]
    most = max(sum(t <= u < t + 60 for u in times) for t in times)
    log = [entry["line"] for entry in loop.inspector.get(f"logs/{_POST}", limit=10_000)]
    dead = sum(loop.inspector.get("queues")[_DEAD].values())
    yield _figure(f"{what}: most messages in 60 s", most, "", "<= 16")
    yield _figure(f'{what}: "too many"', sum("130101" in line for line in log), "", "0")
    yield _figure(f"{what}: dead letters", dead, "", "0")


def _approval(employee: str, role: str) -> bytes:
    detail = {"emp_id": employee, "role": role, "request_id": f"r-{employee.replace(' ', '-')}"}
    kind = "ProvisionRequest"
    return json.dumps({"source": "x", "detail-type": kind, "detail": detail}).encode()


def _told(loop: Loop, employees: set[str]) -> None:
    """Wait until all of them were named and nothing waits any more."""
    letter = next(iter(employees))[0]

    def done() -> bool:
        waits = loop.inspector.get("queues")[_CHATS].values()
        return employees <= set(named(loop, "ops", letter)) and not any(waits)

    end = time.monotonic() + _LONGEST_SECONDS
    while not done() and time.monotonic() < end:
        time.sleep(0.5)


def _last_script(loop: Loop) -> float:
    return max(_ended(run) for run in loop.invocations())


def _ended(run: dict[str, Any]) -> float:
    started = datetime.fromisoformat(run["started"]).timestamp()
    return started + float(run["seconds"] or 0)


def _figure(what: str, value: float, unit: str, goal: str) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit, "goal": goal}


@contextmanager
def _loop(*flags: str, config: dict[str, Any] | None = None, change: Any = None) -> Iterator[Loop]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = CONFIGURATION
        if config is not None:
            file = folder / "localcloud.yaml"
            file.write_text(yaml.safe_dump(config), encoding="utf-8")
        options = ("--data", str(folder / "data"), "--config", str(file), *flags)
        with local_clouds.running(*options) as ready:
            yield Loop(ready, deploy(ready["endpoint"], folder=_project(folder, change)))


def _project(folder: Path, change: Any) -> Path:
    """Return the project, with another file for its stack if that is to be changed."""
    if change is None:
        return PROJECT
    copy = folder / "project"
    copy.mkdir()
    for path in PROJECT.iterdir():
        if path.name != "Pulumi.local.yaml":
            (copy / path.name).symlink_to(path)
    stack = yaml.safe_load((PROJECT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    change(stack)
    (copy / "Pulumi.local.yaml").write_text(yaml.safe_dump(stack), encoding="utf-8")
    return copy
