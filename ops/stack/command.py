"""Run the Pulumi engine on a stack: ``python -m ops up --stack local``.

For stack ``local`` it starts a local cloud if none runs, and points the provider at it. State is
kept where PULUMI_BACKEND_URL or else ``Pulumi.yaml`` says; that of stack ``local`` always in
``.pulumi/`` below the project, because a local cloud is its machine's own.
"""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from localcloud.client import access_key_of
from localcloud.commandline import endpoints
from localcloud.commandline.environment import clean
from localcloud.commandline.errors import UserError
from localcloud.commandline.files import read_mapping
from localcloud.dryrun.project import path_of
from localcloud.running import is_running, start
from ops.project import LOCAL, LOCAL_CLOUD, PROJECT, packages_of
from ops.review import event_log
from ops.stack import retained
from ops.stack.engine import find_or_install
from ops.stack.last_cloud import LastCloud

_OWN_BACKEND = "file://.pulumi"
_DELETING = {"up", "destroy"}
JUDGED = {"up", "preview"}
"""What the engine hands to the policy pack, whose mandatory rules stop it."""


@dataclass(frozen=True)
class Order:
    """What pulumi shall do, and where."""

    action: str
    stack: str
    program: Path
    endpoint: str
    state: Path
    as_json: bool
    more: tuple[str, ...]


def run(
    action: str,
    stack: str = LOCAL,
    *,
    endpoint: str = "",
    as_json: bool = False,
    program: Path = PROJECT,
    state: Path | None = None,
    more: Sequence[str] = (),
) -> int:
    """Run pulumi on a stack of this project, or of the checkout in ``program``.

    Args:
        action: What pulumi does.
        stack: The stack, as in ``Pulumi.<stack>.yaml``.
        endpoint: For stack ``local``: a local cloud that runs already.
        as_json: Print as JSON the plan, or else the stack's outputs, secrets too.
        program: The checkout whose program is run.
        state: For stack ``local``: the folder of its state.
        more: Further arguments of pulumi.
    """
    program = program.resolve()
    path_of(program, stack)
    order = Order(
        action,
        stack,
        program,
        endpoint and endpoints.checked(endpoint),
        state.resolve() if state else PROJECT / ".pulumi",
        as_json,
        tuple(more),
    )
    return _carry_out(Console(stderr=True, highlight=False), order)


def exported(stack: str, state: Path | None = None) -> dict[str, Any]:
    """Return a stack's state, as ``pulumi stack export`` writes it.

    Raises:
        UserError: if the engine has no such stack, or cannot reach its state.
    """
    pulumi = find_or_install(PROJECT, Console(stderr=True, highlight=False))
    order = Order("export", stack, PROJECT, "", state or PROJECT / ".pulumi", False, ())
    return _exported(pulumi, order, _environment(pulumi, order))


def _exported(pulumi: str, order: Order, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - the engine
        [pulumi, "--cwd", str(order.program), "stack", "export", "--stack", order.stack],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip()
        raise UserError(f"the state of stack {order.stack} cannot be read: {reason}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _carry_out(console: Console, order: Order) -> int:
    action, stack, more = order.action, order.stack, order.more
    pulumi = find_or_install(PROJECT, console)
    environment = _environment(pulumi, order)
    last_cloud = None
    if stack == LOCAL and action != "output":
        endpoint = order.endpoint or _local_cloud(console)
        # The provider asks the local cloud through it. In lower case gRPC would take it too, for
        # what engine and program say to each other.
        environment["HTTP_PROXY"] = endpoint
        key = access_key_of(endpoint)
        environment |= _variables(key.id, key.secret)
        last_cloud = LastCloud(order.state, key.id)

    # What people read goes to standard error, so that --json has standard output to itself.
    def engine(*arguments: str, output: int | None = 2) -> int:
        command = [pulumi, "--cwd", str(order.program), *arguments]
        return _run_to_its_end(command, environment, output)

    if code := engine("stack", "select", "--create", "--stack", stack, output=subprocess.DEVNULL):
        return code
    if action == "output":
        shown = ["--json", "--show-secrets"] if order.as_json else []
        return engine("stack", action, "--stack", stack, *shown, *more, output=None)
    flags = _flags(order, last_cloud)
    if action == "preview" and order.as_json:
        return engine(action, "--stack", stack, *flags, "--json", *more, output=None)
    if action == "preview":
        with TemporaryDirectory(prefix="preview-") as folder:
            log = Path(folder) / "events"
            environment |= event_log.ENVIRONMENT
            code = engine(action, "--stack", stack, *flags, event_log.OPTION, str(log), *more)
            for line in event_log.lines(log):
                console.print(line, markup=False, soft_wrap=True)
        return code
    if action in _DELETING and (state := retained.marked(_exported(pulumi, order, environment))):
        with TemporaryDirectory(prefix="state-") as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps(state), encoding="utf-8")
            if code := engine("stack", "import", "--stack", stack, "--file", str(file)):
                return code
    if last_cloud:
        last_cloud.forget()
    code = engine(action, "--stack", stack, *flags, *more)
    if last_cloud and not code:
        last_cloud.remember()
    if not code and order.as_json:
        code = engine("stack", "output", "--stack", stack, "--json", "--show-secrets", output=None)
    return code


def _run_to_its_end(command: list[str], environment: dict[str, str], output: int | None) -> int:
    """Run pulumi, also after Ctrl-C: it gets that too, and ends when its state is in order."""
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: interrupts.append(number))
    try:
        code = subprocess.run(command, env=environment, stdout=output, check=False).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)
    return 130 if interrupts else code


def _environment(pulumi: str, order: Order) -> dict[str, str]:
    """Return pulumi's environment: the user's own, and for stack ``local`` a clean one."""
    is_local = order.stack == LOCAL
    environment = clean(os.environ) if is_local else dict(os.environ)
    environment["PATH"] = f"{Path(pulumi).parent}{os.pathsep}{environment.get('PATH', '')}"
    environment.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    if "PULUMI_BACKEND_URL" not in environment:
        environment["PULUMI_BACKEND_URL"] = _folder(order.state) if is_local else _backend()
    if is_local:
        # Its secrets guard nothing; the salt in Pulumi.local.yaml goes with this passphrase.
        environment["PULUMI_CONFIG_PASSPHRASE"] = ""
    if order.program != PROJECT:
        # Its own packages, whatever is installed where this runs.
        environment["PYTHONPATH"] = packages_of(order.program)
    return environment


def _backend() -> str:
    """Return where this project keeps its state, whichever program is run.

    The engine would take a relative folder from where ``Pulumi.yaml`` of the program lies.
    """
    url = str(read_mapping(PROJECT / "Pulumi.yaml").get("backend", {}).get("url", _OWN_BACKEND))
    folder = url.removeprefix("file://")
    if folder == url or folder.startswith(("/", "~")):
        return url
    return _folder(PROJECT / folder)


def _folder(path: Path) -> str:
    path.mkdir(parents=True, exist_ok=True)
    return path.as_uri()


def _variables(key_id: str, key_secret: str) -> dict[str, str]:
    """Return the local cloud's key in the variables of both families that the provider reads."""
    return {
        "ALICLOUD_ACCESS_KEY": key_id,
        "ALICLOUD_SECRET_KEY": key_secret,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key_secret,
    }


def _local_cloud(console: Console) -> str:
    endpoint = endpoints.DEFAULT
    if not is_running(endpoint):
        process = start(endpoint, PROJECT / ".localcloud", "--config", str(LOCAL_CLOUD))
        console.print(f"started a local cloud at {endpoint}; stop it with 'kill {process}'")
    return endpoint


def _flags(order: Order, last_cloud: LastCloud | None) -> list[str]:
    """Return the pack that judges, and what lets stack ``local``, which holds nothing, go on."""
    flags = ["--policy-pack", str(order.program / "policies")] if order.action in JUDGED else []
    if last_cloud and order.action != "preview":
        flags.append("--yes")
        if order.action == "up":
            # Nobody is asked, so the program is not run once more before it.
            flags.append("--skip-preview")
        if order.action in {"up", "destroy"} and not last_cloud.is_this:
            # What another local cloud held is made again, or is gone.
            flags.append("--refresh")
    return flags
