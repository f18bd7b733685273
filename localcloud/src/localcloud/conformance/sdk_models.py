"""What the official SDKs say an API has: its operations and the parameters of their requests.

Their models are read as text: to import that of ECS takes longer than to run all behaviours.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from localcloud.products import PRODUCTS

SDKS = {
    "ecs": "alibabacloud_ecs20140526",
    "eventbridge": "alibabacloud_eventbridge20200401",
    "fc": "alibabacloud_fc20230330",
    "location": "alibabacloud_location20150612",
    "mns": "alibabacloud_mns_open20220119",
    "ram": "alibabacloud_ram20150501",
    "resourcemanager": "alibabacloud_resourcemanager20200331",
    "sls": "alibabacloud_sls20201230",
    "sts": "alibabacloud_sts20150401",
}
"""The packages of the products whose requests are models."""
OTHER_SDKS = {"eventbridge-data": "alibabacloud_eventbridge", "mns-data": "mns"}
"""SDKs of another kind; their requests have no models on the wire."""
COMMON = {"OwnerAccount", "OwnerId", "RegionId", "ResourceOwnerAccount", "ResourceOwnerId"} | {
    "SourceRegionId"
}
"""Parameters that every action takes, whoever owns the resources."""


@dataclass(frozen=True)
class Treatment:
    """What is done with the parameters of an action, by name."""

    read: frozenset[str]
    """The service's code names it."""
    refused: frozenset[str]
    ignored: frozenset[str]
    """With a reason, in the code."""
    unknown: frozenset[str]


def is_installed(product: str) -> bool:
    """Return whether the models of a product's SDK are there to be read."""
    return product in SDKS and find_spec(SDKS[product]) is not None


@cache
def operations(product: str) -> frozenset[str]:
    """Return the operations that the SDK of a product has."""
    found = re.findall(r"^    async def (\w+)_async\(", _client(product), re.MULTILINE)
    plain = {name.replace("_", "") for name in found if not name.endswith("_with_options")}
    written = re.findall(
        r"^            action = '(\w+)'|do_rpcrequest\('(\w+)'", _client(product), re.MULTILINE
    )
    return frozenset(name for pair in written for name in pair if name.lower() in plain)


@cache
def parameters(product: str, action: str) -> frozenset[str]:
    """Return the parameters of an action's request, as they are written on the wire.

    What is in the path is not among them; a body that is a model of its own counts by its fields.
    """
    text = _model(product, f"{action}Request")
    found = set(_fields(text))
    for body in re.findall(r"main_models\.(\w+)\(\)\s+self\.body\b", text):
        found = (found - {"body"}) | set(_fields(_model(product, body)))
    return frozenset(name.removesuffix("Shrink") for name in found) - COMMON


@cache
def treatment(product: str, action: str) -> Treatment:
    """Return what is done here with each parameter of an action."""
    known = PRODUCTS[product]
    every = parameters(product, action)
    refused = every & frozenset(known.refused.get(action, ()))
    ignored = every & frozenset(known.ignored.get(action, {}))
    text = _service(product, action)
    # A body without a model is the request itself.
    named = {name for name in every if name == "body" or f'"{name}"' in text}
    read = (every & named) - refused - ignored
    return Treatment(read, refused, ignored, every - read - refused - ignored)


def _fields(text: str) -> list[str]:
    """Return the fields of the first model of a file; those that follow are its parts."""
    first = re.split(r"^class ", text, flags=re.MULTILINE)[1:2]
    return re.findall(r"^\s+result\['([\w-]+)'\] = ", first[0], re.MULTILINE) if first else []


def _model(product: str, name: str) -> str:
    if (single := _folder(product) / "models.py").is_file():
        # An SDK of an older generation has all models in one file.
        _, found, model = single.read_text(encoding="utf-8").partition(f"class {name}(TeaModel)")
        return f"\n{found}{model}"
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    file = _folder(product) / "models" / f"_{snake}.py"
    if not file.is_file():
        # Abbreviations such as HTTP and SAML are divided in other ways.
        plain = {each.stem.replace("_", ""): each for each in file.parent.glob("_*.py")}
        return plain[name.lower()].read_text(encoding="utf-8") if name.lower() in plain else ""
    return file.read_text(encoding="utf-8")


@cache
def _client(product: str) -> str:
    return (_folder(product) / "client.py").read_text(encoding="utf-8")


@cache
def _folder(product: str) -> Path:
    spec = find_spec(SDKS[product])
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name=SDKS[product])
    return Path(spec.origin).parent


@cache
def _service(product: str, action: str) -> str:
    """Return the source of the service that runs an action."""
    module = PRODUCTS[product].actions[action].run.__module__
    folder = Path(str(import_module(module).__file__)).parent
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
