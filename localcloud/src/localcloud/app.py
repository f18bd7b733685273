"""Wires one local cloud: the only place that knows all services."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from localcloud import extension, http_apis, page
from localcloud.chats import inspection as chat_inspection
from localcloud.chats.platforms import PLATFORMS
from localcloud.chats.receive import receive
from localcloud.chats.state import Chats
from localcloud.configuration import ConfigurationError
from localcloud.ecs import inspection as ecs_inspection
from localcloud.ecs.instances import first_instances
from localcloud.ecs.service import Ecs
from localcloud.environment import Clock, Environment
from localcloud.eventbridge import inspection as event_inspection
from localcloud.eventbridge import webhook
from localcloud.eventbridge.delivery.dead_letter import bare_event, dead_letter_body
from localcloud.eventbridge.delivery.dispatcher import Dispatcher
from localcloud.eventbridge.delivery.http_client import HttpClient
from localcloud.eventbridge.delivery.intake import Intake
from localcloud.eventbridge.delivery.journal import Journal
from localcloud.eventbridge.delivery.retry import next_delay
from localcloud.eventbridge.delivery.targets import senders
from localcloud.eventbridge.delivery.targets.own import AppendLog
from localcloud.eventbridge.external_sources import ExternalSources
from localcloud.eventbridge.service import EventBridge
from localcloud.faults import Faults, listed, set_fault
from localcloud.fc import download, http_trigger
from localcloud.fc import inspection as fc_inspection
from localcloud.fc.service import FunctionCompute
from localcloud.gateway.access import CLOCK_SKEW_SECONDS, Authentication, Authorization
from localcloud.gateway.gateway import Gateway, HttpHandler
from localcloud.gateway.inspection import PREFIX, create_inspection
from localcloud.gateway.nonces import Nonces
from localcloud.gateway.pipeline import Pipeline
from localcloud.gateway.stream import Written
from localcloud.http_apis import HttpApi
from localcloud.inspection import Changes, Views
from localcloud.mns import inspection as mns_inspection
from localcloud.mns.service import Mns
from localcloud.overview import inspection as overview_inspection
from localcloud.overview.refusals import Refusals
from localcloud.overview.requests import Requests
from localcloud.products import PRODUCTS
from localcloud.ram.service import Ram
from localcloud.sandbox.dry_run import DryRunMachines
from localcloud.sandbox.machines import Machines
from localcloud.settings import CloudSettings
from localcloud.sls.service import Sls
from localcloud.store import Store

_log = logging.getLogger(__name__)

OPEN_TO_ALL = {webhook.PATH}
"""Paths that anybody may post to who knows the token in the URL, as in the real cloud."""


class App:
    """A local cloud as an ASGI application, with what runs in its background."""

    def __init__(self, settings: CloudSettings, environment: Environment | None = None) -> None:
        environment = environment or Environment()
        self.store = store = Store(settings.data / "state.sqlite" if settings.data else None)
        faults = Faults()
        intake = Intake()
        journal = Journal(store, environment.clock)
        self._machines = (
            DryRunMachines()
            if settings.dry_run
            else Machines(settings.data, settings.isolation, settings.packages)
        )
        eventbridge = EventBridge(settings, environment, store, journal)
        ram = Ram(settings, environment, store, eventbridge.linked_roles)
        mns = Mns(settings, environment, store)
        sls = Sls(settings, environment, store, ram.allows)
        self._external_sources = ExternalSources(eventbridge, mns)
        self.fc = fc = FunctionCompute(
            settings,
            environment,
            store,
            faults,
            assume=ram.assume,
            is_allowed=ram.is_allowed,
            append_log=sls.append,
            send_message=mns.send,
            queues=mns,
            next_delay=partial(next_delay, random=environment.random.random),
            isolation=self._machines.isolation,
        )
        self.ecs = ecs = Ecs(
            settings, environment, store, eventbridge.publish, self._machines, faults
        )
        chats = Chats(settings, environment, store, faults)
        extensions = {
            name: extension.load(name, one, environment)
            for name, one in settings.extensions.items()
        }
        self._extensions = {name: one.run for name, one in extensions.items() if one.run}
        apis = {
            name: HttpApi(name, api, environment, store, faults)
            for name, api in settings.apis.items()
        }
        self._client = HttpClient(settings.endpoint)
        self._dispatcher = Dispatcher(
            journal,
            environment.clock,
            environment.random.random,
            eventbridge.target,
            senders(
                environment,
                self._client,
                settings.readings,
                invoke=lambda name, payload, request: fc.invoke(name, payload, request_id=request),
                invoke_later=lambda name, payload, request: fc.invoke_later(
                    name, payload, request_id=request
                ),
                send_message=mns.send,
                append_log=_archive(ram, sls),
                publish=eventbridge.publish,
            ),
            dead_letters=mns.send,
            wait_for_lull=intake.wait_for_lull,
            letter=bare_event if settings.readings.dead_letter == "event" else dead_letter_body,
        )
        pipeline = Pipeline(
            PRODUCTS,
            {type(service): service for service in (ecs, eventbridge, fc, mns, ram, settings, sls)},
            Authentication(
                ram.caller,
                environment.clock,
                _nonces(settings, environment.clock),
                settings.region,
            ),
            Authorization(ram.allows, ecs.resource_tags),
            faults,
            store,
            environment.ids,
        )
        written = Written()
        store.on_written = written.notify
        self.end_streams = written.end
        refusals = Refusals(environment.clock, written.notify)
        pipeline.on_refused = refusals.of_api
        for api in apis.values():
            api.on_refused = refusals.of_http_api
        requests = Requests(ecs, eventbridge, fc, mns, chats, refusals)
        views: Views = {
            "health": lambda _: {
                **_health(settings, ecs, eventbridge, fc),
                "chats": chats.usage(),
                "queues": mns_inspection.counts(mns),
            },
            "resources": lambda _: store.resources(),
            "calls": lambda _: dict(sorted(pipeline.calls.items())),
            **chat_inspection.views(chats),
            **event_inspection.views(eventbridge),
            **ecs_inspection.views(ecs),
            **fc_inspection.views(fc),
            **mns_inspection.views(mns),
            **http_apis.views(apis),
            **{path: view for one in extensions.values() for path, view in one.views.items()},
            **overview_inspection.views(requests),
            "faults": lambda _: listed(faults),
        }
        actions = [f"{name}:{a}" for name, product in PRODUCTS.items() for a in product.actions]
        changes: Changes = {
            **event_inspection.changes(eventbridge),
            **{path: change for one in extensions.values() for path, change in one.changes.items()},
            **overview_inspection.changes(requests, eventbridge, mns),
            "faults": set_fault(
                faults,
                targets=lambda: {
                    "chat": list(settings.chats),
                    "api": list(apis),
                    "function": [function.name for function in fc.registry.functions()],
                    "action": actions,
                },
            ),
        }
        self._gateway = Gateway(
            pipeline,
            _http_handlers(eventbridge, fc, chats, apis.values(), extensions.values()),
            OPEN_TO_ALL,
            create_inspection(views, changes, store, written, page.files()),
            store,
            intake.record_arrival,
        )
        self._background: list[asyncio.Future[None]] = []
        self.on_defect: Callable[[str], object] = lambda _: None
        """Called with the name of what ran in the background and ended by itself."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve a request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._gateway(scope, receive, send)

    async def start(self) -> None:
        """Continue what was accepted before, and take up what comes."""
        await self.store.flush()
        for service in (self._dispatcher, self._external_sources, self.ecs, self.fc):
            self._run_on(type(service).__name__, service.run())
        for name, run in self._extensions.items():
            self._run_on(f"extension '{name}'", run())

    async def choose_isolation(self) -> None:
        """Try the isolation now, where the first run on an instance would find out."""
        await self._machines.isolation()

    async def stop(self) -> None:
        """Stop what runs and write what is queued."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._machines.close()
        await self.fc.close()
        await self._client.close()
        self.store.close()

    def _run_on(self, name: str, work: Awaitable[None]) -> None:
        """Run something until the end; that it ends before is a defect that must not be silent."""

        def ended(task: asyncio.Future[None]) -> None:
            if not task.cancelled() and (error := task.exception()):
                _log.critical("%s failed", name, exc_info=error)
                self.on_defect(name)

        task = asyncio.ensure_future(work)
        task.add_done_callback(ended)
        self._background.append(task)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _http_handlers(
    eventbridge: EventBridge,
    fc: FunctionCompute,
    chats: Chats,
    apis: Iterable[HttpApi],
    extensions: Iterable[extension.Extension],
) -> dict[str, HttpHandler]:
    """Return what is not an API of the cloud, by path or by host name.

    Chat platforms and HTTP APIs have both: a host name for programs, a path for people with curl.
    """
    handlers: dict[str, HttpHandler] = {
        webhook.PATH: partial(webhook.handle, eventbridge),
        download.PATH: partial(download.handle, fc),
        http_trigger.PATH: partial(http_trigger.handle, fc),
        **{
            name: partial(receive, chats)
            for platform in PLATFORMS.values()
            for name in (platform.host, platform.path)
        },
    }
    for one in extensions:
        if taken_names := set(one.handlers) & set(handlers):
            raise ConfigurationError(
                f"an extension has the host '{min(taken_names)}', which something else has already"
            )
        handlers |= one.handlers
    routes = [template for product in PRODUCTS.values() for _, template, _ in product.routes]
    taken = {
        _first_segment(path)
        for path in (*handlers, *routes, PREFIX)
        if path.startswith("/") and path != "/"
    }
    for api in apis:
        if _first_segment(api.path) in taken or api.name in handlers:
            raise ConfigurationError(
                f"the API '{api.name}' with the path {api.path} would hide a part of the local "
                f"cloud; take another name, or a path that does not begin with one of "
                f"{', '.join(sorted(taken))}"
            )
        handlers |= {api.name: api.receive, api.path: api.receive}
    return handlers


def _first_segment(path: str) -> str:
    return "/" + path.split("/")[1]


def _health(
    settings: CloudSettings, ecs: Ecs, eventbridge: EventBridge, fc: FunctionCompute
) -> dict[str, Any]:
    key_file = settings.access_key_file
    calls = fc.asynchronous.under_way
    return {
        "status": "ok",
        "endpoint": settings.endpoint,
        "region": settings.region,
        "account_id": settings.account_id,
        # The name alone: only who may read the file has the key.
        "access_key_file": key_file and str(key_file),
        "isolation": ecs_inspection.isolation(ecs),
        "under_way": {
            "deliveries": eventbridge.history.under_way(),
            "runs": len(ecs.history.unfinished()),
            "asynchronous_calls": calls.total(),
        },
        "asynchronous_calls": dict(sorted(calls.items())),
        # Apart: a call that only wakes a function which runs anyway is put off for minutes.
        "throttled_calls": dict(sorted(fc.asynchronous.throttled.items())),
    }


def _nonces(settings: CloudSettings, clock: Clock) -> Nonces:
    folder = settings.data / "nonces" if settings.data else None
    return Nonces(2 * CLOCK_SKEW_SECONDS, clock.now(), folder)


def _archive(ram: Ram, sls: Sls) -> AppendLog:
    """Return how EventBridge writes to log stores: on behalf of a target's role."""

    def append(role: str, project: str, store: str, entries: list[dict[str, str]]) -> None:
        resource = sls.arn(project, store)
        ram.require(role, "eventbridge.aliyuncs.com", "log:PostLogStoreLogs", resource)
        sls.append(project, store, entries)

    return append


def create_app(settings: CloudSettings) -> App:
    """Create the application of a local cloud.

    Raises:
        UserError: if the folder of its state or the wanted isolation can't be had.
    """
    app = App(settings)
    if settings.isolation != "auto":
        asyncio.run(app.choose_isolation())
    return app


def ready(settings: CloudSettings) -> dict[str, Any]:
    """Return what the line says that ``serve`` prints: where the local cloud is, how to use it."""
    return {
        "endpoint": settings.endpoint,
        "region": settings.region,
        "account_id": settings.account_id,
        "access_key_id": settings.access_key.id,
        "access_key_secret": settings.access_key.secret,
        "instances": [row.instance_id for row in first_instances(settings.instances, {}, 0)],
        "chats": {
            name: {"platform": chat.platform, "webhook": chat.webhook}
            for name, chat in settings.chats.items()
        },
    }
