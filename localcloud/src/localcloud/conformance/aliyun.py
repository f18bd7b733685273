"""The command ``aliyun`` in the SDKs' place, for the products that it can call at an endpoint."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import Any

from localcloud.client import KEY_ID_VARIABLE, KEY_SECRET_VARIABLE
from localcloud.commandline.environment import clean
from localcloud.conformance.clients import Answer, Clients, NotRunnableError

_NAMES = {
    "ecs": "ecs",
    "eventbridge": "eventbridge",
    "fc": "fc",
    "mns": "mns-open",
    "ram": "ram",
    "resourcemanager": "resourcemanager",
    "sts": "sts",
}
"""The products by what the command calls them."""
_AS_JSON = {"eventbridge", "fc"}
"""Products whose lists are JSON; those of the others are Name.1, Name.2, …"""
_JSON_OF_RAM = {"ResourceNames", "TagKeys"}
_UNKNOWN = "is not a valid parameter or flag"
_TIMEOUT_SECONDS = 60


class Aliyun(Clients):
    """Calls by the command, found on PATH."""

    tells_status = False

    def call(self, product: str, action: str, params: Mapping[str, Any]) -> Answer:
        """Call an action; a refusal is an answer, too.

        Raises:
            NotRunnableError: if the command cannot call this product, or not with these parameters.
        """
        if product not in _NAMES:
            raise NotRunnableError(f"`aliyun` cannot call {product} at an endpoint of its own")
        arguments = [shutil.which("aliyun") or "aliyun", _NAMES[product], action, "--insecure"]
        if product != "fc":
            arguments.append("--force")  # Required parameters are for the cloud to miss.
        for name, value in params.items():
            as_json = product in _AS_JSON or (product == "ram" and name in _JSON_OF_RAM)
            arguments += _options(f"--{name}", value, as_json=as_json)
        with TemporaryDirectory(prefix="localcloud-") as home:
            done = subprocess.run(  # noqa: S603 - what the user has on PATH
                arguments,
                env=clean(os.environ)
                | {
                    "HOME": home,
                    "ALIBABA_CLOUD_ENDPOINT": self.endpoint.removeprefix("http://"),
                    "ALIBABA_CLOUD_REGION_ID": "cn-hangzhou",
                    KEY_ID_VARIABLE: self.key_id,
                    KEY_SECRET_VARIABLE: self.key_secret,
                },
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        if done.returncode == 0:
            return Answer(json.loads(done.stdout) if done.stdout.strip() else {})
        if _UNKNOWN in done.stderr:
            raise NotRunnableError(f"`aliyun` does not know all parameters of {action}")
        code = re.search(r"ErrorCode: (\S+)", done.stderr)
        return Answer(done.stderr, code[1] if code else "the command failed")


def _options(name: str, value: Any, *, as_json: bool) -> Iterator[str]:
    """Yield the options for a parameter; those of a list have numbers."""
    match value:
        case list() if not as_json:
            for number, each in enumerate(value, 1):
                if isinstance(each, dict):
                    for part, inner in each.items():
                        yield from _options(f"{name}.{number}.{part}", inner, as_json=as_json)
                else:
                    yield from _options(f"{name}.{number}", each, as_json=as_json)
        case dict() | list() | bool():
            yield from (name, json.dumps(value, ensure_ascii=False))
        case _ if str(value).startswith("-"):
            yield f"{name}={value}"
        case _:
            yield from (name, str(value))
