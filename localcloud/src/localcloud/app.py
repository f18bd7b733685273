"""Wires one local cloud: the only place that knows all services."""

import asyncio
from contextlib import suppress
from typing import Any

from localcloud.chats.platforms import PLATFORMS
from localcloud.chats.receive import receive
from localcloud.chats.state import Chats
from localcloud.cloud import Cloud
from localcloud.ecs.instances import first_instances
from localcloud.ecs.state import Ecs
from localcloud.environment import Sources
from localcloud.eventbridge import webhook
from localcloud.eventbridge.delivery.dispatcher import Dispatcher
from localcloud.eventbridge.delivery.http_client import HttpClient
from localcloud.eventbridge.delivery.intake import Intake
from localcloud.eventbridge.delivery.journal import Journal
from localcloud.eventbridge.delivery.targets import senders
from localcloud.eventbridge.delivery.targets.own import AppendLog
from localcloud.eventbridge.state import EventBridge
from localcloud.faults import Faults
from localcloud.fc import download
from localcloud.fc.state import FunctionCompute
from localcloud.gateway.inspection import create_inspection
from localcloud.gateway.nonces import Nonces
from localcloud.gateway.pipeline import CLOCK_SKEW_SECONDS, Gateway, Surface
from localcloud.http_apis import HttpApi
from localcloud.mns.state import Mns
from localcloud.products import PRODUCTS
from localcloud.ram.state import Ram
from localcloud.sandbox.machines import Machines
from localcloud.sandbox.rehearsal import Rehearsal
from localcloud.settings import CloudSettings
from localcloud.sls.state import Sls
from localcloud.store import Store

SURFACES = {
    webhook.PATH: webhook.handle,
    download.PATH: download.handle,
}
"""What is not an API of the cloud, by path or by host name below ``.localcloud.invalid``."""
OPEN_TO_ALL = {webhook.PATH}
"""Paths that anybody may post to who knows the token in the URL, as in the real cloud."""


class App:
    """A local cloud as an ASGI application, with what runs in its background."""

    def __init__(self, settings: CloudSettings, sources: Sources | None = None) -> None:
        sources = sources or Sources()
        store = Store(settings.data / "state.sqlite" if settings.data else None)
        faults = Faults()
        intake = Intake()
        journal = Journal(store, sources.clock)
        self._machines = (
            Rehearsal()
            if settings.dry_run
            else Machines(settings.data, settings.isolation, settings.packages)
        )
        ram = Ram(settings, sources, store)
        mns = Mns(settings, sources, store)
        sls = Sls(settings, sources, store)
        eventbridge = EventBridge(settings, sources, store, journal)
        fc = FunctionCompute(
            settings,
            sources,
            store,
            faults,
            assume=ram.assume,
            is_allowed=ram.is_allowed,
            append_log=sls.append,
            isolation=self._machines.isolation,
        )
        ecs = Ecs(settings, sources, store, eventbridge.publish, self._machines, faults)
        self.cloud = Cloud(
            settings=settings,
            sources=sources,
            store=store,
            faults=faults,
            eventbridge=eventbridge,
            ecs=ecs,
            fc=fc,
            ram=ram,
            mns=mns,
            sls=sls,
            intake=intake,
            chats=Chats(settings, sources, store, faults),
            apis={
                name: HttpApi(name, api, sources, store, faults)
                for name, api in settings.apis.items()
            },
        )
        self._client = HttpClient(settings.endpoint)
        self._dispatcher = Dispatcher(
            journal,
            sources.clock,
            sources.random.random,
            eventbridge.target,
            senders(
                sources,
                self._client,
                invoke=lambda name, payload, request: fc.invoke(name, payload, request_id=request),
                send_message=mns.send,
                append_log=_archive(ram, sls),
                publish=eventbridge.publish,
            ),
            bury=lambda queue, text: mns.send(queue, text, limited=False),
            give_way=intake.give_way,
        )
        actions = [f"{name}:{a}" for name, product in PRODUCTS.items() for a in product.actions]
        self._gateway = Gateway(
            self.cloud,
            PRODUCTS,
            {**SURFACES, **_chat_surfaces(self.cloud.chats), **_api_surfaces(self.cloud)},
            OPEN_TO_ALL,
            create_inspection(self.cloud, actions),
            Nonces(
                2 * CLOCK_SKEW_SECONDS,
                sources.clock.now(),
                settings.data / "nonces" if settings.data else None,
            ),
        )
        self._background: list[asyncio.Task[None]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve a request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._gateway(scope, receive, send)

    async def start(self) -> None:
        """Continue what was accepted before, and take up what comes."""
        await self.cloud.store.flush()
        for service in (self._dispatcher, self.cloud.ecs, self.cloud.fc):
            self._background.append(asyncio.create_task(service.run()))

    async def choose_isolation(self) -> None:
        """Try the isolation now, where the first run on an instance would find out."""
        await self._machines.isolation()

    async def stop(self) -> None:
        """Stop what runs and write what is queued."""
        for task in self._background:
            task.cancel()
        for task in self._background:
            with suppress(asyncio.CancelledError):
                await task
        await self._machines.close()
        await self.cloud.fc.close()
        await self._client.close()
        self.cloud.store.close()

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def _chat_surfaces(chats: Chats) -> dict[str, Surface]:
    """Return the chat platforms' webhooks by host and by path."""
    return {
        key: lambda _cloud, request: receive(chats, request)
        for platform in PLATFORMS.values()
        for key in (platform.host, platform.path)
    }


def _api_surfaces(cloud: Cloud) -> dict[str, Surface]:
    """Return the HTTP APIs by host and, for a person with curl, by path."""

    def surface(api: HttpApi) -> Surface:
        return lambda _cloud, request: api.receive(request)

    apis = cloud.apis.values()
    return {key: surface(api) for api in apis for key in (api.name, api.path)}


def _archive(ram: Ram, sls: Sls) -> AppendLog:
    """Return the way in which EventBridge writes to log stores: in the name of a target's role."""

    def append(role: str, project: str, store: str, entries: list[dict[str, str]]) -> None:
        resource = sls.arn(project, store)
        ram.require(role, "eventbridge.aliyuncs.com", "log:PostLogStoreLogs", resource)
        sls.append(project, store, entries)

    return append


def create_app(settings: CloudSettings) -> App:
    """Make the application of a local cloud.

    Raises:
        UserError: if the folder of its state or the wanted isolation can't be had.
    """
    app = App(settings)
    if settings.isolation != "auto":
        asyncio.run(app.choose_isolation())
    return app


def ready(settings: CloudSettings) -> dict[str, Any]:
    """Say where the local cloud is and how to use it, as the line that ``serve`` prints."""
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
