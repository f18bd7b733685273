"""The actions on the configuration of asynchronous invocations."""

from typing import Any

from localcloud.api import Action, Answer, ApiCall
from localcloud.fc import encoding
from localcloud.fc.async_config import NUMBERS, SETTINGS, AsyncConfig
from localcloud.fc.registry import LATEST
from localcloud.fc.service import FunctionCompute


async def put_async_invoke_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Set repetitions, age and destinations."""
    name, qualifier = _named(fc, call)
    given = encoding.only(call, *SETTINGS)
    return _answer(fc, fc.async_configs.put(name, qualifier, given))


async def get_async_invoke_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return what was set."""
    return _answer(fc, fc.async_configs.get(*_named(fc, call)))


async def delete_async_invoke_config(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Go back to the defaults; a missing configuration is not an error."""
    fc.async_configs.delete(*_named(fc, call))
    return None


async def list_async_invoke_configs(fc: FunctionCompute, call: ApiCall) -> Answer:
    """Return the configurations of a function, or of all."""
    found = fc.async_configs.of(call.params.get("functionName", ""))
    page, more = encoding.page_of(call, found, lambda c: f"{c.function}/{c.qualifier}")
    return {"configs": [_answer(fc, c) for c in page], **more}


def _named(fc: FunctionCompute, call: ApiCall) -> tuple[str, str]:
    function = fc.registry.function(call.path["functionName"])
    qualifier = call.params.get("qualifier", "") or LATEST
    fc.registry.target(function.name, qualifier)
    return function.name, qualifier


def _answer(fc: FunctionCompute, config: AsyncConfig) -> dict[str, Any]:
    destinations = {
        half: {"destination": arn}
        for half, arn in (("onSuccess", config.on_success), ("onFailure", config.on_failure))
        if arn
    }
    return {
        "functionArn": fc.registry.arn(config.function),
        # guess: a default is not answered; the provider plans a change for ever if it is.
        **{NUMBERS[name]: getattr(config, name) for name in config.said},
        "createdTime": config.created,
        "lastModifiedTime": config.modified,
        **({"destinationConfig": destinations} if destinations else {}),
    }


def _one(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.path["functionName"])]


def _any(fc: FunctionCompute, call: ApiCall) -> list[str]:
    return [fc.registry.arn(call.params.get("functionName", "") or "*")]


ACTIONS: dict[str, Action[FunctionCompute]] = {
    "PutAsyncInvokeConfig": Action(
        put_async_invoke_config,
        "fc:PutAsyncInvokeConfig",
        _one,
        "destinations are queues and functions; no asynchronous tasks",
    ),
    "GetAsyncInvokeConfig": Action(get_async_invoke_config, "fc:GetAsyncInvokeConfig", _one),
    "DeleteAsyncInvokeConfig": Action(
        delete_async_invoke_config, "fc:DeleteAsyncInvokeConfig", _one
    ),
    "ListAsyncInvokeConfigs": Action(list_async_invoke_configs, "fc:ListAsyncInvokeConfigs", _any),
}
