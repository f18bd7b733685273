"""What Function Compute accepts in the settings of a function, and the defaults it adds.

Sources: "CreateFunction", "Limits", "Configure environment variables", "Runtime introduction",
"Instance types and specifications" (Function Compute 3.0).
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.fc.errors import InvalidArgumentError, NotSupportedHereError

ENVIRONMENT_LIMIT = 4096
"""Bytes of all names and values together."""

PYTHON_RUNTIMES = ("python3", "python3.9", "python3.10", "python3.12")
OTHER_RUNTIMES = (
    "nodejs12", "nodejs14", "nodejs16", "nodejs18", "nodejs20", "java8", "java11", "go1", "php7.2",
    "dotnetcore3.1", "custom", "custom.debian10", "custom.debian11", "custom.debian12",
    "custom-container",
)  # fmt: skip
RETIRED_RUNTIMES = ("python2.7", "nodejs4.4", "nodejs6", "nodejs8", "nodejs10", "dotnetcore2.1")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_HANDLER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*\.[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ROLE = re.compile(r"acs:ram::[0-9]+:role/[A-Za-z0-9._@-]{1,64}", re.IGNORECASE)

IGNORED = {
    "idleTimeout": "a process that has nothing to do is stopped after a minute",
    "instanceIsolationMode": "every process is apart from the others",
    "resourceGroupId": "no resource group is looked for, and no policy is attached to one",
    "sessionAffinity": "a process has one request at a time",
    "sessionAffinityConfig": "a process has one request at a time",
    "tracingConfig": "nothing is traced",
}
"""Settings that are kept and given back and change nothing here, each with the reason."""

REFUSED = frozenset(
    {
        "customContainerConfig", "customDNS", "customRuntimeConfig", "disableInjectCredentials",
        "disableOndemand", "enableLongLiving", "gpuConfig", "instanceLifecycleConfig",
        "juiceFsConfig", "layers", "microSandboxConfig", "nasConfig", "ossMountConfig",
        "polarFsConfig", "vpcConfig",
    }
)  # fmt: skip
"""Settings without which the code would run differently: refused when they say something."""

_ELSEWHERE = {"functionName", "code", "tags", "Tags"}
"""What is read elsewhere; the provider writes tags with a capital letter."""


def check_name(name: object, field: str = "functionName") -> str:
    """Return a function's or alias's name if it is one."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            field, name, "1 to 64 letters, digits, _ and -, not beginning with 0-9 or -"
        )
    return name


def parse(body: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the settings of a function after a create or update, complete and checked.

    Args:
        body: the request.
        before: the settings until now; nothing for a new function.
    """
    for field, value in body.items():
        if field in REFUSED and says_something(value):
            raise NotSupportedHereError(f"the setting '{field}'")
        if field not in SETTINGS | _ELSEWHERE:
            raise InvalidArgumentError(field, value, "no such setting")
    given = {
        field: value
        for field, value in body.items()
        if value is not None and (field in _CHECKS or field in IGNORED)
    }
    settings = {**(before or {}), **given}
    for field in ("handler", "runtime"):
        if field not in settings:
            raise InvalidArgumentError(field, None, "a value: it is required")
    for field, check in _CHECKS.items():
        if field in given:
            check(given[field])
    if "memorySize" in given and "cpu" not in given and before is None:
        settings["cpu"] = _cpu_for(settings["memorySize"])
    settings = {**DEFAULTS, **settings}
    _check_ratio(settings["cpu"], settings["memorySize"])
    return settings


def says_something(value: object) -> bool:
    """Return whether a setting asks for anything: not if it is empty in all its parts."""
    return any(map(says_something, value.values())) if isinstance(value, dict) else bool(value)


DEFAULTS: dict[str, Any] = {
    "description": "",
    "timeout": 3,
    "memorySize": 512,
    "cpu": 0.35,
    "diskSize": 512,
    "instanceConcurrency": 1,
    "internetAccess": True,
    "environmentVariables": {},
    "role": "",
}


def _cpu_for(memory: int) -> float:
    # guess: the cloud's own choice when only the memory is given; 0.35 for 512 MB was observed.
    return min(16.0, max(0.05, math.floor(memory / 1024 * 0.7 * 20 + 0.5) / 20))


def _check_ratio(cpu: float, memory: int) -> None:
    ratio = memory / 1024 / cpu
    if not 1 <= round(ratio, 6) <= 4:
        raise InvalidArgumentError(
            "memorySize", f"{memory} MB with {cpu} vCPU", "1 to 4 GB of memory per vCPU"
        )


def _check_runtime(value: object) -> None:
    if value in PYTHON_RUNTIMES:
        return
    if value in RETIRED_RUNTIMES:
        raise InvalidArgumentError(
            "runtime", value, f"one that is not retired, such as {', '.join(PYTHON_RUNTIMES[1:])}"
        )
    if value in OTHER_RUNTIMES:
        raise NotSupportedHereError(f"the runtime '{value}' (it runs {', '.join(PYTHON_RUNTIMES)})")
    raise InvalidArgumentError(
        "runtime", value, f"one of {', '.join(PYTHON_RUNTIMES + OTHER_RUNTIMES)}"
    )


def _check_handler(value: object) -> None:
    if not isinstance(value, str) or len(value) > 128 or not _HANDLER.fullmatch(value):
        raise InvalidArgumentError("handler", value, "<file>.<function>, such as index.handler")


def _check_variables(value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise InvalidArgumentError("environmentVariables", "a value", "an object of strings")
    for name in value:
        # The values may be secrets, so no message quotes one.
        if not _VARIABLE.fullmatch(name) or name.startswith("FC_"):
            raise InvalidArgumentError(
                "environmentVariables",
                name,
                "names that begin with a letter, hold letters, digits and _, and not FC_ first",
            )
        if "\0" in value[name]:
            raise InvalidArgumentError(
                "environmentVariables", name, "values without NUL characters"
            )
    size = sum(len(k.encode()) + len(v.encode()) for k, v in value.items())
    if size > ENVIRONMENT_LIMIT:
        raise InvalidArgumentError(
            "environmentVariables", f"{size} bytes", f"at most {ENVIRONMENT_LIMIT} bytes in all"
        )


def _check_role(value: object) -> None:
    if not isinstance(value, str) or (value and not _ROLE.fullmatch(value)):
        raise InvalidArgumentError("role", value, "acs:ram::<account>:role/<name>")


def _check_description(value: object) -> None:
    if not isinstance(value, str) or len(value) > 256:
        raise InvalidArgumentError("description", value, "at most 256 characters")


def _check_boolean(field: str) -> Callable[[object], None]:
    def check(value: object) -> None:
        if not isinstance(value, bool):
            raise InvalidArgumentError(field, value, "true or false")

    return check


def _check_integer(field: str, low: int, high: int, step: int = 1) -> Callable[[object], None]:
    def check(value: object) -> None:
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not low <= value <= high
            or value % step
        ):
            multiple = f", a multiple of {step}" if step > 1 else ""
            raise InvalidArgumentError(
                field, value, f"a whole number from {low} to {high}{multiple}"
            )

    return check


def _check_cpu(value: object) -> None:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0.05 <= value <= 16
        or abs(value * 20 - round(value * 20)) > 1e-9
    ):
        raise InvalidArgumentError("cpu", value, "0.05 to 16 vCPU, a multiple of 0.05")


def _check_disk(value: object) -> None:
    if value not in {512, 10240}:
        raise InvalidArgumentError("diskSize", value, "512 or 10240 (MB)")


_LOG = {
    "enableInstanceMetrics", "enableLlmMetrics", "enableRequestMetrics", "logBeginRule",
    "logstore", "project",
}  # fmt: skip


def _check_log(value: object) -> None:
    if not isinstance(value, dict):
        raise InvalidArgumentError("logConfig", value, "an object")
    if bool(value.get("project")) != bool(value.get("logstore")):
        raise InvalidArgumentError("logConfig", value, "both a project and a logstore, or neither")
    for name in set(value) - _LOG:
        raise InvalidArgumentError(f"logConfig.{name}", value[name], "no such setting")
    if value.get("enableLlmMetrics"):
        raise NotSupportedHereError("the setting 'logConfig.enableLlmMetrics'")
    rule = value.get("logBeginRule")
    if rule not in {None, "", "None", "DefaultRegex"}:
        raise InvalidArgumentError("logConfig.logBeginRule", rule, "None or DefaultRegex")


_CHECKS: dict[str, Callable[[object], None]] = {
    "handler": _check_handler,
    "runtime": _check_runtime,
    "description": _check_description,
    "timeout": _check_integer("timeout", 1, 86_400),
    "memorySize": _check_integer("memorySize", 128, 32_768, step=64),
    "cpu": _check_cpu,
    "diskSize": _check_disk,
    "instanceConcurrency": _check_integer("instanceConcurrency", 1, 200),
    "internetAccess": _check_boolean("internetAccess"),
    "environmentVariables": _check_variables,
    "role": _check_role,
    "logConfig": _check_log,
}

SETTINGS = frozenset({*_CHECKS, *IGNORED, *REFUSED})
"""Every setting of a function that Function Compute has."""
