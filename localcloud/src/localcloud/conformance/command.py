"""The command ``localcloud conformance``."""

import base64
import io
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from localcloud.access_key import AccessKey
from localcloud.client import Inspector, access_key_of
from localcloud.commandline import files
from localcloud.commandline.errors import UserError
from localcloud.commandline.output import print_json
from localcloud.conformance.aliyun import Aliyun
from localcloud.conformance.behaviour import Behaviour, behaviours
from localcloud.conformance.clients import Clients
from localcloud.conformance.runner import Outcome, Verdict, run
from localcloud.conformance.score import (
    aliyun_written_into,
    provider_written_into,
    summary_of_aliyun,
    summary_of_provider,
    table,
    written_into,
)
from localcloud.deploy import client as deploy
from localcloud.sandbox.level import Level

Client = Literal["sdk", "aliyun", "provider"]
_COMMANDS = {"aliyun": "aliyun", "provider": "pulumi-resource-alicloud"}
"""What must be on PATH for a client."""
_WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
_WRITTEN = {"sdk": written_into, "aliyun": aliyun_written_into, "provider": provider_written_into}
_TOLD = {"sdk": table, "aliyun": summary_of_aliyun, "provider": summary_of_provider}
_HANDLER = """
import json, os

def handler(event, context):
    return json.dumps({"event": json.loads(event), "where": os.environ.get("WHERE")})
"""


class NoClient(UserError):
    """The command that is to call is not here."""


class WrongOrderError(UserError):
    """What was asked for cannot be run, or would count less than it says."""


def run_and_tell(
    endpoint: str, product: str, client: Client, write: Path | None, *, as_json: bool
) -> int:
    """Run the suite and print the score and each behaviour that is not shown; return the exit code.

    Args:
        endpoint: A running local cloud; one is started if empty.
        product: The only product whose behaviours are run, if not empty.
        client: Who calls.
        write: A README whose score is brought up to date.
        as_json: Print each behaviour as JSON.
    """
    if (command := _COMMANDS.get(client)) and not shutil.which(command):
        raise NoClient(f"`{command}` is not on PATH; install it, or leave --client out")
    products = sorted({each.product for each in _of(client)})
    if product and product not in products:
        raise WrongOrderError(
            f"no behaviour is one of '{product}'; accepted: {', '.join(products)}"
        )
    if write and product:
        raise WrongOrderError("--write counts every product; leave --product out")
    # Read before anything is run, so that a wrong name costs no minute.
    readme = files.read_text(write) if write else ""
    with ExitStack() as stack:
        outcomes = run_on(endpoint or _started(stack), product, client)
    if as_json:
        print_json([_row(outcome) for outcome in outcomes])
    else:
        for outcome in outcomes:
            if outcome.verdict is not Verdict.PASSED:
                print(f"{outcome.verdict}: {outcome.behaviour.name}")
                print("".join(f"  {reason}\n" for reason in outcome.reasons), end="")
        print(_TOLD[client](outcomes), end="")
    if write:
        write.write_text(_WRITTEN[client](readme, outcomes), encoding="utf-8")
    return int(any(is_unexpected(outcome) for outcome in outcomes))


def is_unexpected(outcome: Outcome) -> bool:
    """Return whether a behaviour failed that is not known to, or passed that is known to fail."""
    known = bool(outcome.behaviour.differs)
    return outcome.verdict is not Verdict.NOT_RUN and known is not (
        outcome.verdict is Verdict.FAILED
    )


def run_on(endpoint: str, product: str = "", client: Client = "sdk") -> list[Outcome]:
    """Run the behaviours, of one product if that is named, against a running local cloud."""
    key = access_key_of(endpoint)
    chosen = [each for each in _of(client) if product in {"", each.product}]
    facts = _facts(endpoint, deploy.Client(endpoint, key.id, key.secret))
    with _calling(client, endpoint, key) as cloud:
        return run(chosen, cloud, facts)


def level_of(cloud: Inspector) -> Level:
    """Return how the instances of a local cloud are isolated, which it tries once it has started.

    Raises:
        WrongOrderError: if no instance can run there.
    """
    until = time.monotonic() + _WAIT_SECONDS
    while (told := cloud.get("health")["isolation"])["level"] not in set(Level):
        if told["reasons"]:
            raise WrongOrderError(f"no instance runs at {cloud.endpoint}: {told['reasons'][0]}")
        if time.monotonic() > until:
            raise WrongOrderError(
                f"the local cloud at {cloud.endpoint} has not chosen an isolation level in "
                f"{_WAIT_SECONDS:.0f} s; see the log of its server"
            )
        time.sleep(_PAUSE_SECONDS)
    return Level(told["level"])


def _of(client: Client) -> list[Behaviour]:
    """Return the behaviours that a client is asked for: the provider has its own."""
    return [each for each in behaviours() if each.is_of_provider is (client == "provider")]


def _calling(client: Client, endpoint: str, key: AccessKey) -> AbstractContextManager[Clients]:
    match client:
        case "sdk":
            return nullcontext(Clients(endpoint, key.id, key.secret))
        case "aliyun":
            return nullcontext(Aliyun(endpoint, key.id, key.secret))
        case "provider":
            return _provider(endpoint, key)


@contextmanager
def _provider(endpoint: str, key: AccessKey) -> Iterator[Clients]:
    try:
        from localcloud.conformance.provider import plugin  # noqa: PLC0415
        from localcloud.conformance.provider.client import Provider  # noqa: PLC0415
    except ImportError as error:
        raise NoClient(
            f"{error.name} is not installed: pip install 'localcloud[pulumi]'"
        ) from error
    with plugin.running(endpoint, key) as stub:
        yield Provider(endpoint, key.id, key.secret, plugin=stub)


def _facts(endpoint: str, client: deploy.Client) -> dict[str, str]:
    """Return what ``${…}`` may stand for."""
    caller = client.rpc("2015-04-01", "GetCallerIdentity", {})
    found = client.rpc("2014-05-26", "DescribeInstances", {"Status": "Running"})
    return {
        "account": str(caller["AccountId"]),
        "archive": _archive(),
        "endpoint": endpoint,
        "instance": str(found["Instances"]["Instance"][0]["InstanceId"]),
        "isolation": level_of(Inspector(endpoint)),
        "kilobytes5": "x" * 5120,
        "region": "cn-hangzhou",
    }


def _archive() -> str:
    """Return a function's code as the API takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("index.py", _HANDLER)
    return base64.b64encode(content.getvalue()).decode()


def _started(stack: ExitStack) -> str:
    from localcloud.running import running  # noqa: PLC0415

    data = stack.enter_context(TemporaryDirectory(prefix="localcloud-"))
    return str(stack.enter_context(running("--data", data))["endpoint"])


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "behaviour": outcome.behaviour.name,
        "product": outcome.behaviour.product,
        "source": outcome.behaviour.source,
        "verdict": outcome.verdict,
        "reasons": list(outcome.reasons),
    }
