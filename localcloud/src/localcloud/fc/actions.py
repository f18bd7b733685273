"""The actions of Function Compute 3.0 (version 2023-03-30)."""

import base64
from typing import Any

from localcloud.api import Action, Answer, ApiCall, Product, Route, WireStyle
from localcloud.fc import (
    async_config_actions,
    download,
    encoding,
    limits,
    provision_actions,
    restriction_actions,
    trigger_actions,
)
from localcloud.fc.errors import (
    ConcurrencyNotReservedError,
    InvalidArgumentError,
    NotSupportedHereError,
)
from localcloud.fc.invocation import ERROR_HEADER, Invocation
from localcloud.fc.registry import LATEST, Function, check_alias
from localcloud.fc.service import FunctionCompute
from localcloud.http import HttpResponse
from localcloud.settings import DEFAULT_RESOURCE_GROUP

ALIAS = ("additionalVersionWeight", "aliasName", "description", "versionId")

# Functions


async def create_function(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Create a function from its settings and an archive."""
    body = encoding.body_of(call)
    name = limits.check_name(body.get("functionName"))
    settings = limits.parse(body)
    code = encoding.archive_of(body)
    if code is None:
        raise InvalidArgumentError("code", None, "an object with the archive as base64 in zipFile")
    tags = encoding.tags(body.get("tags") or body.get("Tags") or [])
    function = fc.registry.create(name, settings, code, tags)
    return _answer(fc, function)


async def get_function(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return a function, or with ``qualifier`` one of its versions."""
    registry = fc.registry
    function = registry.function(call.path["functionName"])
    qualifier = call.params.get("qualifier", "")
    if qualifier in {"", LATEST}:
        return _answer(fc, function)
    if not qualifier.isdigit():
        qualifier = registry.alias(function.name, qualifier).version
    if qualifier == LATEST:
        return _answer(fc, function)
    version = registry.version(function.name, qualifier)
    return {
        **_answer(fc, function),
        **encoding.settings_answer(version.settings),
        "description": version.description,
        "createdTime": version.created,
        "lastModifiedTime": version.created,
        "codeSize": version.code["size"],
        "codeChecksum": version.code["checksum"],
    }


async def update_function(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Change what the request names and leave the rest."""
    body = encoding.body_of(call)
    before = fc.registry.function(call.path["functionName"])
    settings = limits.parse(body, before.settings)
    function = fc.registry.update(before.name, settings, encoding.archive_of(body))
    fc.pool.retire(function.name)
    return _answer(fc, function)


async def delete_function(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Delete a function and stop its processes."""
    fc.forget(call.path["functionName"])
    return None


async def list_functions(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return the functions by name, a page at a time."""
    prefix = call.params.get("prefix", "")
    runtime = call.params.get("runtime", "")
    group = call.params.get("resourceGroupId", "")
    found = [
        f
        for f in fc.registry.functions()
        if f.name.startswith(prefix)
        and runtime in {"", f.settings["runtime"]}
        and group in {"", f.settings.get("resourceGroupId") or DEFAULT_RESOURCE_GROUP}
    ]
    page, more = encoding.page_of(call, found, lambda f: f.name)
    return {"functions": [_answer(fc, f) for f in page], **more}


async def get_function_code(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return where the archive can be fetched, and its checksum."""
    target = fc.registry.target(call.path["functionName"], call.params.get("qualifier", ""))
    url = f"{fc.settings.endpoint}{download.PATH}{target.code.digest}"
    return {"url": url, "checksum": target.code.checksum}


# Versions and aliases


async def publish_function_version(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Freeze the function as it is now."""
    description = encoding.text(encoding.only(call, "description"), "description")
    return encoding.version_answer(fc.registry.publish(call.path["functionName"], description))


async def list_function_versions(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return a function's versions, the newest first."""
    registry = fc.registry
    versions = registry.versions(registry.function(call.path["functionName"]).name)
    if call.params.get("direction", "BACKWARD") == "FORWARD":
        versions.reverse()
    page, more = encoding.page_of(call, versions, lambda v: v.id)
    return {"versions": [encoding.version_answer(v) for v in page], **more}


async def delete_function_version(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Delete a version; a missing one is not an error."""
    fc.registry.delete_version(call.path["functionName"], call.path["versionId"])
    return None


async def create_alias(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Name a version."""
    body = encoding.only(call, *ALIAS)
    alias = fc.registry.create_alias(
        call.path["functionName"],
        check_alias(body.get("aliasName")),
        encoding.text(body, "versionId"),
        encoding.text(body, "description"),
        encoding.weights(body),
    )
    return encoding.alias_answer(alias)


async def get_alias(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return an alias."""
    return encoding.alias_answer(
        fc.registry.alias(call.path["functionName"], call.path["aliasName"])
    )


async def update_alias(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Change what the request names."""
    body = encoding.only(call, *ALIAS)
    changes: dict[str, Any] = {}
    if "versionId" in body:
        changes["version"] = encoding.text(body, "versionId")
    if "description" in body:
        changes["description"] = encoding.text(body, "description")
    if "additionalVersionWeight" in body:
        changes["weights"] = encoding.weights(body)
    name, alias = call.path["functionName"], call.path["aliasName"]
    return encoding.alias_answer(fc.registry.update_alias(name, alias, **changes))


async def delete_alias(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Delete an alias; a missing one is not an error."""
    fc.registry.delete_alias(call.path["functionName"], call.path["aliasName"])
    return None


async def list_aliases(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return a function's aliases by name."""
    registry = fc.registry
    prefix = call.params.get("prefix", "")
    name = registry.function(call.path["functionName"]).name
    found = [a for a in registry.aliases(name) if a.name.startswith(prefix)]
    page, more = encoding.page_of(call, found, lambda a: a.name)
    return {"aliases": [encoding.alias_answer(a) for a in page], **more}


# Concurrency


async def put_concurrency(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Limit how many requests of a function run at the same time."""
    # The provider also names the function, which the path does.
    number = encoding.only(call, "reservedConcurrency", "functionName").get("reservedConcurrency")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        # guess: what 0 means; nothing here needs a function that never runs.
        raise InvalidArgumentError("reservedConcurrency", number, "a whole number of at least 1")
    function = fc.registry.reserve(call.path["functionName"], number)
    fc.pool.retire(function.name)
    return _concurrency(fc, function)


async def get_concurrency(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return the limit."""
    function = fc.registry.function(call.path["functionName"])
    if function.reserved_concurrency is None:
        raise ConcurrencyNotReservedError(function.name)
    return _concurrency(fc, function)


async def delete_concurrency(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Remove the limit; a missing one is not an error."""
    fc.registry.reserve(call.path["functionName"], None)
    return None


# Tags


async def tag_resources(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Add tags to functions, or change them."""
    body = encoding.body_of(call)
    added = encoding.tags(body.get("Tag") or [])
    for name in _tagged(fc, body.get("ResourceId"), body.get("ResourceType")):
        tags = fc.registry.function(name).tags
        fc.registry.set_tags(name, {**tags, **added})
    return {"requestId": call.request_id}


async def untag_resources(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Remove tags, or all tags, from functions."""
    keys = set(encoding.json_list(call, "TagKey"))
    every = call.boolean("All")
    names = _tagged(fc, encoding.json_list(call, "ResourceId"), call.params.get("ResourceType"))
    for name in names:
        tags = fc.registry.function(name).tags
        left = {} if every else {k: v for k, v in tags.items() if k not in keys}
        fc.registry.set_tags(name, left)
    return {"requestId": call.request_id}


async def list_tag_resources(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return the tags of functions."""
    wanted = _tagged(fc, encoding.json_list(call, "ResourceId"), call.params.get("ResourceType"))
    functions = [f for f in fc.registry.functions() if not wanted or f.name in wanted]
    return {
        "RequestId": call.request_id,
        "TagResources": [
            {
                "ResourceType": "function",
                "ResourceId": fc.registry.arn(f.name),
                "TagKey": key,
                "TagValue": value,
            }
            for f in functions
            for key, value in f.tags.items()
        ],
    }


# Invocations


async def invoke_function(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Run a function: wait for it, or answer 202 and run it later."""
    name = call.path["functionName"]
    qualifier = call.params.get("qualifier", "") or LATEST
    if call.headers.get("x-fc-async-task-id"):
        raise NotSupportedHereError("an asynchronous task (x-fc-async-task-id)")
    match call.headers.get("x-fc-invocation-type", "Sync"):
        case "Sync":
            pass
        case "Async":
            await fc.invoke_later(name, call.body, request_id=call.request_id, qualifier=qualifier)
            return HttpResponse(202)
        case other:
            raise InvalidArgumentError("x-fc-invocation-type", other, "Sync or Async")
    invocation = await fc.invoke(name, call.body, request_id=call.request_id, qualifier=qualifier)
    return _response(invocation, with_log=call.headers.get("x-fc-log-type") == "Tail")


def _response(invocation: Invocation, *, with_log: bool) -> HttpResponse:
    headers = {"content-type": "application/octet-stream"}
    if invocation.status != 200:
        return HttpResponse(
            invocation.status, invocation.body, {"content-type": "application/json"}
        )
    headers["x-fc-invocation-duration"] = f"{invocation.duration_ms:.0f}"
    headers["x-fc-max-memory-usage"] = f"{invocation.peak_mb:.2f}"
    if invocation.error_type:
        headers["x-fc-error-type"] = ERROR_HEADER
        headers["content-type"] = "application/json"
    if with_log:
        headers["x-fc-log-result"] = base64.b64encode(invocation.log.encode()).decode()
    return HttpResponse(200, invocation.body, headers)


def _concurrency(fc: FunctionCompute, function: Function) -> Answer:
    return {
        "functionArn": fc.registry.arn(function.name),
        "reservedConcurrency": function.reserved_concurrency,
    }


def _answer(fc: FunctionCompute, function: Function) -> dict[str, Any]:
    return encoding.function_answer(function, fc.registry.arn(function.name))


def _tagged(fc: FunctionCompute, resources: object, kind: object) -> list[str]:
    """Return the names of the functions that a tag request is about."""
    if str(kind).lower() not in {"function", "none"}:
        raise InvalidArgumentError("ResourceType", kind, "function")
    if not isinstance(resources, list):
        raise InvalidArgumentError("ResourceId", resources, "a list of function ARNs")
    prefix = fc.registry.arn("")
    names = []
    for resource in resources:
        if not isinstance(resource, str) or not resource.startswith(prefix):
            raise InvalidArgumentError("ResourceId", resource, f"{prefix}<name>")
        names.append(fc.registry.function(resource.removeprefix(prefix)).name)
    return names


# What is where


def _one(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.path["functionName"])]


def _new(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(str(encoding.body_of(call).get("functionName", "*")))]


def _any(fc: FunctionCompute, _call: ApiCall) -> list[str]:
    return [fc.registry.arn("*")]


_NO_SETTINGS = "no code from OSS, no layers, containers, GPUs or runtimes other than Python"

ACTIONS: dict[str, Action[FunctionCompute]] = {
    "CreateFunction": Action(create_function, "fc:CreateFunction", _new, _NO_SETTINGS),
    "GetFunction": Action(get_function, "fc:GetFunction", _one),
    "UpdateFunction": Action(update_function, "fc:UpdateFunction", _one, _NO_SETTINGS),
    "DeleteFunction": Action(delete_function, "fc:DeleteFunction", _one),
    "ListFunctions": Action(
        list_functions,
        "fc:ListFunctions",
        _any,
        "no filters but prefix, runtime and resource group",
    ),
    "GetFunctionCode": Action(get_function_code, "fc:GetFunctionCode", _one),
    "PublishFunctionVersion": Action(publish_function_version, "fc:PublishFunctionVersion", _one),
    "ListFunctionVersions": Action(list_function_versions, "fc:ListFunctionVersions", _one),
    "DeleteFunctionVersion": Action(delete_function_version, "fc:DeleteFunctionVersion", _one),
    "CreateAlias": Action(create_alias, "fc:CreateAlias", _one),
    "GetAlias": Action(get_alias, "fc:GetAlias", _one),
    "UpdateAlias": Action(update_alias, "fc:UpdateAlias", _one),
    "DeleteAlias": Action(delete_alias, "fc:DeleteAlias", _one),
    "ListAliases": Action(list_aliases, "fc:ListAliases", _one),
    "PutConcurrencyConfig": Action(
        put_concurrency,
        "fc:PutConcurrencyConfig",
        _one,
        "a limit only: nothing is reserved",
    ),
    "GetConcurrencyConfig": Action(get_concurrency, "fc:GetConcurrencyConfig", _one),
    "DeleteConcurrencyConfig": Action(delete_concurrency, "fc:DeleteConcurrencyConfig", _one),
    "TagResources": Action(tag_resources, "fc:TagResources", _any, "functions only"),
    "UntagResources": Action(untag_resources, "fc:UntagResources", _any, "functions only"),
    "ListTagResources": Action(list_tag_resources, "fc:ListTagResources", _any, "no pages"),
    "InvokeFunction": Action(
        invoke_function,
        "fc:InvokeFunction",
        _one,
        "no asynchronous tasks; one request per process at a time",
    ),
    **async_config_actions.ACTIONS,
    **provision_actions.ACTIONS,
    **restriction_actions.ACTIONS,
    **trigger_actions.ACTIONS,
}

_VERSION = "2023-03-30"
_FUNCTIONS = f"/{_VERSION}/functions"
_TAGS = f"/{_VERSION}/tags-v2"
_FUNCTION = f"{_FUNCTIONS}/{{functionName}}"
_ALIAS = f"{_FUNCTION}/aliases/{{aliasName}}"
_TRIGGER = f"{_FUNCTION}/triggers/{{triggerName}}"

ROUTES: list[Route] = [
    ("POST", _FUNCTIONS, "CreateFunction"),
    ("GET", _FUNCTIONS, "ListFunctions"),
    ("GET", _FUNCTION, "GetFunction"),
    ("PUT", _FUNCTION, "UpdateFunction"),
    ("DELETE", _FUNCTION, "DeleteFunction"),
    ("GET", f"{_FUNCTION}/code", "GetFunctionCode"),
    ("POST", f"{_FUNCTION}/invocations", "InvokeFunction"),
    ("POST", f"{_FUNCTION}/versions", "PublishFunctionVersion"),
    ("GET", f"{_FUNCTION}/versions", "ListFunctionVersions"),
    ("DELETE", f"{_FUNCTION}/versions/{{versionId}}", "DeleteFunctionVersion"),
    ("POST", f"{_FUNCTION}/aliases", "CreateAlias"),
    ("GET", f"{_FUNCTION}/aliases", "ListAliases"),
    ("GET", _ALIAS, "GetAlias"),
    ("PUT", _ALIAS, "UpdateAlias"),
    ("DELETE", _ALIAS, "DeleteAlias"),
    ("POST", _TAGS, "TagResources"),
    ("DELETE", _TAGS, "UntagResources"),
    ("GET", _TAGS, "ListTagResources"),
    ("GET", f"{_FUNCTION}/concurrency", "GetConcurrencyConfig"),
    ("PUT", f"{_FUNCTION}/concurrency", "PutConcurrencyConfig"),
    ("DELETE", f"{_FUNCTION}/concurrency", "DeleteConcurrencyConfig"),
    ("GET", f"{_FUNCTION}/async-invoke-config", "GetAsyncInvokeConfig"),
    ("PUT", f"{_FUNCTION}/async-invoke-config", "PutAsyncInvokeConfig"),
    ("DELETE", f"{_FUNCTION}/async-invoke-config", "DeleteAsyncInvokeConfig"),
    ("GET", f"/{_VERSION}/async-invoke-configs", "ListAsyncInvokeConfigs"),
    ("POST", f"{_FUNCTION}/invoke/disable", "DisableFunctionInvocation"),
    ("POST", f"{_FUNCTION}/invoke/enable", "EnableFunctionInvocation"),
    ("PUT", f"/{_VERSION}/resource-groups", "ChangeResourceGroup"),
    ("POST", f"{_FUNCTION}/triggers", "CreateTrigger"),
    ("GET", f"{_FUNCTION}/triggers", "ListTriggers"),
    ("GET", _TRIGGER, "GetTrigger"),
    ("PUT", _TRIGGER, "UpdateTrigger"),
    ("DELETE", _TRIGGER, "DeleteTrigger"),
    ("GET", f"{_FUNCTION}/provision-config", "GetProvisionConfig"),
    ("PUT", f"{_FUNCTION}/provision-config", "PutProvisionConfig"),
    # Known so that the error names it; ACTIONS has no such action.
    ("GET", f"{_FUNCTION}/instances", "ListInstances"),
    ("DELETE", f"{_FUNCTION}/provision-config", "DeleteProvisionConfig"),
]

PRODUCT = Product(
    service=FunctionCompute,
    style=WireStyle.FUNCTION_COMPUTE,
    title="Function Compute 3.0",
    version=_VERSION,
    actions=ACTIONS,
    routes=ROUTES,
    refused={
        "CreateFunction": sorted(limits.REFUSED),
        "ListFunctions": ("fcVersion", "gpuType"),
        "UpdateFunction": sorted(limits.REFUSED),
    },
    ignored={
        "CreateFunction": limits.IGNORED,
        "ListTagResources": dict.fromkeys(("Limit", "NextToken"), "all tags are on one page"),
        "UpdateFunction": {
            name: why for name, why in limits.IGNORED.items() if name != "resourceGroupId"
        },
    },
)
