"""``/_localcloud/``: what happened in the local cloud, as JSON.

Read-only but for ``faults``. It is for people, tests and the command line on this machine; the
gateway refuses other host names, and writing needs ``application/json``, which no web page may
send here without asking first.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud import strict_json
from localcloud.cloud import Cloud
from localcloud.faults import parse
from localcloud.json_body import JsonResponse
from localcloud.store import StoreFailed

_PREFIX = "/_localcloud"
_LIMIT = 100
_LAST_ID = 2**63 - 1


class Unknown(Exception):
    """What was asked for is not there; the message says what is."""


def create_inspection(cloud: Cloud, actions: Sequence[str]) -> Starlette:
    """Make the ASGI application of ``/_localcloud/``; ``actions`` are those that can fail."""

    async def health(_request: Request) -> Response:
        await cloud.store.flush(patient=False)
        key_file = cloud.settings.access_key_file
        return JsonResponse(
            {
                "status": "ok",
                "endpoint": cloud.settings.endpoint,
                "region": cloud.settings.region,
                "account_id": cloud.settings.account_id,
                # The name alone: only who may read the file has the key.
                "access_key_file": key_file and str(key_file),
                "isolation": cloud.ecs.isolation(),
                "under_way": {
                    "deliveries": cloud.eventbridge.history.under_way(),
                    "runs": len(cloud.ecs.history.unfinished()),
                },
            }
        )

    async def resources(_request: Request) -> Response:
        await cloud.store.flush(patient=False)
        rows = cloud.store.read("SELECT kind, key FROM resources ORDER BY kind, key")
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["kind"], []).append(row["key"])
        return JsonResponse(found)

    async def calls(_request: Request) -> Response:
        return JsonResponse(dict(sorted(cloud.calls.items())))

    async def chats(_request: Request) -> Response:
        return JsonResponse(cloud.chats.named())

    async def messages(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in cloud.settings.chats:
            raise Unknown(f"no chat '{name}'; there are {', '.join(cloud.settings.chats)}")
        await cloud.store.flush(patient=False)
        after = max(0, min(int(request.query_params.get("after", 0)), _LAST_ID))
        return JsonResponse(cloud.chats.messages(name, limit=_limit(request), after=after))

    async def trace(request: Request) -> Response:
        await cloud.store.flush(patient=False)
        event_id = request.query_params.get("event_id")
        # Why thousands of events did not match is slow to say, and not always asked for.
        explain = "matched" not in request.query_params
        found = cloud.eventbridge.trace(event_id, limit=_limit(request), explain=explain)
        if event_id and not found:
            raise Unknown(f"no event '{event_id}' in the trace")
        return JsonResponse(found)

    async def invocations(request: Request) -> Response:
        await cloud.store.flush(patient=False)
        return JsonResponse(cloud.ecs.invocations(limit=_limit(request)))

    async def instances(_request: Request) -> Response:
        return JsonResponse(cloud.ecs.instances())

    async def files(request: Request) -> Response:
        path = request.query_params.get("path", "/")
        return JsonResponse(cloud.ecs.files(request.path_params["instance_id"], path))

    async def logs(request: Request) -> Response:
        await cloud.store.flush(patient=False)
        name = request.path_params["function"]
        found = cloud.fc.logs(name, limit=_limit(request))
        known = [function.name for function in cloud.fc.registry.functions()]
        if not found and name not in known:
            raise Unknown(f"no function '{name}'; there are {', '.join(known) or 'none yet'}")
        return JsonResponse(found)

    async def api_requests(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in cloud.apis:
            raise Unknown(f"no API '{name}'; there are {', '.join(cloud.apis) or 'none'}")
        await cloud.store.flush(patient=False)
        return JsonResponse(cloud.apis[name].requests())

    async def faults(request: Request) -> Response:
        if request.method == "POST":
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                raise Unknown("a fault is posted as application/json")
            targets = {
                "chat": list(cloud.settings.chats),
                "api": list(cloud.apis),
                "function": [function.name for function in cloud.fc.registry.functions()],
                "action": actions,
            }
            cloud.faults.set(parse(strict_json.read(await request.body()), targets))
        return JsonResponse([asdict(fault) for fault in cloud.faults.list()])

    def route(path: str, endpoint: Any, *methods: str) -> Route:
        return Route(f"{_PREFIX}/{path}", endpoint, methods=list(methods or ("GET",)))

    return Starlette(
        routes=[
            route("health", health),
            route("resources", resources),
            route("calls", calls),
            route("chats", chats),
            route("chats/{name}/messages", messages),
            route("trace", trace),
            route("invocations", invocations),
            route("instances", instances),
            route("instances/{instance_id}/files", files),
            route("logs/{function}", logs),
            route("apis/{name}/requests", api_requests),
            route("faults", faults, "GET", "POST"),
        ],
        exception_handlers={
            404: _refuse_path,
            405: _refuse_path,
            Unknown: _refuse,
            StoreFailed: _unavailable,
            KeyError: _refuse,
            ValueError: _refuse,
            TypeError: _refuse,
            FileNotFoundError: _refuse,
        },
    )


async def _refuse(_request: Request, error: Exception) -> Response:
    text = str(error.args[0]) if error.args else str(error)
    return JsonResponse({"error": text}, status_code=404)


async def _unavailable(_request: Request, error: Exception) -> Response:
    return JsonResponse({"error": str(error)}, status_code=503)


async def _refuse_path(request: Request, _error: Exception) -> Response:
    text = f"there is nothing to {request.method} at {request.url.path}"
    return JsonResponse({"error": text}, status_code=404)


def _limit(request: Request) -> int:
    return max(1, min(int(request.query_params.get("limit", _LIMIT)), 10_000))
