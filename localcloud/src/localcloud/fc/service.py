"""Function Compute: keeps functions and really runs them, each in its own processes."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from localcloud.environment import Environment, uuid_form
from localcloud.errors import ApiError, NoPermissionError
from localcloud.faults import Faults
from localcloud.fc.async_config import AsyncConfig, AsyncConfigs
from localcloud.fc.asynchronous import AsyncInvocations
from localcloud.fc.destinations import Destinations
from localcloud.fc.errors import (
    InvocationDisabledError,
    PayloadTooLargeError,
    ThrottledError,
)
from localcloud.fc.invocation import Invocation, finished, log_lines, metrics, refused
from localcloud.fc.journal import Call, Journal, Pending
from localcloud.fc.pool import Pool
from localcloud.fc.process import Worker
from localcloud.fc.provision import Provisions
from localcloud.fc.registry import LATEST, Registry, Target
from localcloud.fc.specs import Specs
from localcloud.fc.streams import Queues, Streams
from localcloud.fc.triggers import Trigger, Triggers
from localcloud.sandbox.fork_server_client import ForkServer
from localcloud.sandbox.isolation import Isolation, SandboxUnavailableError
from localcloud.settings import CloudSettings
from localcloud.store import Store

SYNC_PAYLOAD_LIMIT = 32 * 1024 * 1024
ASYNC_PAYLOAD_LIMIT = 128 * 1024
"""Bytes of an event ("Limits", Function Compute 3.0)."""
SERVICE = "fc.aliyuncs.com"
_TICK_SECONDS = 5.0
_TIMER_TICK_SECONDS = 1.0
_STREAM_TICK_SECONDS = 0.2
_IMPORTED_BEFOREHAND = "http.client ssl urllib.parse urllib.request"
# guess: what the real runtime has imported before it loads a function's code.


class Credentials(Protocol):
    """What assuming a role gives."""

    @property
    def access_key_id(self) -> str:
        """The id of the key."""

    @property
    def access_key_secret(self) -> str:
        """What requests are signed with."""

    @property
    def security_token(self) -> str:
        """What proves that the key is a role's."""


class AppendLog(Protocol):
    """Writes entries into a log store."""

    def __call__(
        self, project: str, store: str, entries: list[dict[str, str]], *, topic: str
    ) -> None:
        """Append entries, or fail if there is no such store."""


class FunctionCompute:
    """The functions of the account, what they printed, and their processes.

    Args:
        settings: region, account, address and folder of the local cloud.
        environment: clock, ids and randomness.
        store: where functions, code, logs and asynchronous invocations are kept.
        faults: ``function:<name>`` makes a function fail or be slow.
        assume: gives credentials of a role (ARN) to a service under a session name.
        is_allowed: tells whether a role (ARN) may do an action on a resource.
        append_log: writes to a log store.
        send_message: puts a message into a queue.
        queues: where streams find their messages.
        next_delay: gives, by EventBridge's policies, the seconds until the next attempt.
        isolation: gives how functions are kept apart from the machine, as instances are.
        time_limit: ends a call after so many seconds.
    """

    def __init__(
        self,
        settings: CloudSettings,
        environment: Environment,
        store: Store,
        faults: Faults,
        *,
        assume: Callable[[str, str, str], Credentials],
        is_allowed: Callable[[str, str, str], bool],
        append_log: AppendLog,
        send_message: Callable[[str, str], object],
        queues: Queues,
        next_delay: Callable[[str, int], float | None],
        isolation: Callable[[], Awaitable[Isolation]],
        time_limit: Callable[[float], asyncio.Timeout] = asyncio.timeout,
    ) -> None:
        self.registry = Registry(settings, environment, store)
        self._specs = Specs(settings, self.registry.archive, isolation)
        self._fork_server = ForkServer("localcloud.fc.worker", _IMPORTED_BEFOREHAND)
        # A dry run keeps its workers: no function needs so many that they take turns.
        self.pool = Pool(
            environment.clock,
            per_function=2 if settings.dry_run else 8,
            start=lambda spec: Worker.start(spec, self._fork_server),
        )
        self.settings = settings
        self._clock = environment.clock
        self._store = store
        self._faults = faults
        self._assume = assume
        self._is_allowed = is_allowed
        self._append_log = append_log
        self._time_limit = time_limit
        self._journal = Journal(store)
        self.triggers = Triggers(environment, store)
        self.async_configs = AsyncConfigs(environment.clock, store)
        self.provisions = Provisions(store)
        self._ids = environment.ids
        self._look_again = asyncio.Event()
        self._destinations = Destinations(
            settings,
            environment.clock,
            send_message=send_message,
            is_allowed=is_allowed,
            invoke_later=self._accept_outcome,
        )
        self.asynchronous = AsyncInvocations(
            environment.clock,
            self._journal,
            self._invoke_pending,
            lambda pending: self.async_configs.find(pending.function, pending.qualifier),
            self._finish_pending,
        )
        self._streams = Streams(
            settings,
            environment.clock,
            environment.ids,
            queues,
            invoke=self._invoke_qualified,
            invoke_later=self._invoke_qualified_later,
            next_delay=next_delay,
        )
        self._running: Counter[str] = Counter()

    # Life

    async def run(self) -> None:
        """Run asynchronous invocations and triggers, stop idle processes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.asynchronous.run())
            tasks.create_task(self._fire_triggers())
            tasks.create_task(self._tend())
            tasks.create_task(self._run_streams())

    async def drain(self) -> None:
        """Run what is due by its trigger or its acceptance, and stop processes that are idle."""
        self.triggers.fire(self._accept_from_timer)
        while await self._streams.step(self.triggers.all()):
            pass
        await self.asynchronous.drain()
        await self.keep_ready()
        self._stop_idle()

    async def close(self) -> None:
        """Stop every process and remove what was unpacked into a temporary folder."""
        await self.pool.close()
        self._fork_server.close()
        self._specs.close()

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._clock.now()

    def ids(self) -> str:
        """Return a new id."""
        return self._ids()

    def keep_ready_soon(self) -> None:
        """Start what is to be kept ready without waiting for the next look."""
        self._look_again.set()

    async def keep_ready(self) -> None:
        """Start as many processes of each function as are kept ready, with their code loaded."""
        for target, number in self.provisions.wanted(self.registry):
            # "When a function is disabled, new instances cannot be created."
            if self.registry.function(target.function).is_disabled:
                continue
            missing = number - self.pool.count(target.function, target.version)
            await asyncio.gather(*(self._prepare(target) for _ in range(missing)))

    async def _prepare(self, target: Target) -> None:
        def load(worker: Worker) -> Awaitable[object]:
            header = {
                "request_id": "load",
                "qualifier": target.qualifier,
                "credentials": credentials,
                "load_only": True,
            }
            return worker.run(header, b"", self._time_limit(target.settings["timeout"]))

        with suppress(ApiError, OSError, SandboxUnavailableError):
            credentials = self._credentials(target)
            await self.pool.prepare(await self._specs.of(target), load)

    def _stop_idle(self) -> None:
        wanted = self.provisions.wanted(self.registry)
        self.pool.stop_idle({(each.function, each.version): number for each, number in wanted})

    async def _tend(self) -> None:
        while True:
            await self.keep_ready()
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._look_again.wait()
            self._look_again.clear()
            self._stop_idle()

    async def _fire_triggers(self) -> None:
        while True:
            self.triggers.fire(self._accept_from_timer)
            await asyncio.sleep(_TIMER_TICK_SECONDS)

    async def _run_streams(self) -> None:
        while True:
            if not await self._streams.step(self.triggers.all()):
                await asyncio.sleep(_STREAM_TICK_SECONDS)

    # Invocations

    async def invoke(
        self, name: str, payload: bytes, *, request_id: str, qualifier: str = LATEST
    ) -> Invocation:
        """Run a function and wait for it; whatever goes wrong is in the result, never raised."""
        try:
            if len(payload) > SYNC_PAYLOAD_LIMIT:
                raise PayloadTooLargeError(len(payload), SYNC_PAYLOAD_LIMIT)
            self._open(name)
            target = self.registry.target(name, qualifier)
            fault = self._faults.take(f"function:{name}")
            if fault is not None:
                await asyncio.sleep(fault.delay_seconds)
                if code := fault.code("FailedOnDemand"):
                    return self._failed_on_demand(target, code, request_id)
            with self._counted(name):
                return await self._run(target, payload, request_id)
        except ApiError as failure:
            return refused(failure, request_id)

    async def invoke_later(
        self, name: str, payload: bytes, *, request_id: str, qualifier: str = LATEST
    ) -> None:
        """Accept an invocation that runs after the answer; durable when this returns."""
        if len(payload) > ASYNC_PAYLOAD_LIMIT:
            raise PayloadTooLargeError(len(payload), ASYNC_PAYLOAD_LIMIT)
        self._open(name)
        self.registry.target(name, qualifier)
        self._accept(name, payload, request_id=request_id, qualifier=qualifier)
        await self._store.flush()

    def logs(self, name: str, limit: int = 200) -> list[dict[str, str]]:
        """Return the last lines of a function's log, the oldest first; flush the store before."""
        return self._journal.lines(name, limit)

    def accepted(self) -> list[Pending]:
        """Return the asynchronous calls that are on the disk and have not ended."""
        return self._journal.pending()

    def calls_of(
        self, texts: Sequence[str], request_ids: Sequence[str], limit: int = 200
    ) -> list[Call]:
        """Return the calls with these ids, or whose output names a text, the oldest first."""
        return self._journal.calls(texts, request_ids, limit)

    def forget(self, name: str) -> None:
        """Delete a function with what belongs to it, and stop its processes."""
        self.registry.delete(name)
        # guess: that triggers and asynchronous configurations go with it.
        self.triggers.delete_all_of(name)
        self.async_configs.delete_all_of(name)
        self.provisions.delete_all_of(name)
        self.pool.retire(name)

    def _open(self, name: str) -> None:
        """Fail unless the function may be called."""
        function = self.registry.function(name)
        if function.is_disabled:
            raise InvocationDisabledError(name, function.restriction["reason"])

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        """Count a request while it runs, if its function has room for one more."""
        limit = self.registry.function(name).reserved_concurrency
        if limit is not None and self._running[name] >= limit:
            raise ThrottledError(name, limit)
        self._running[name] += 1
        try:
            yield
        finally:
            self._running[name] -= 1

    def _accept(
        self, name: str, payload: bytes, *, request_id: str, qualifier: str, by_timer: bool = False
    ) -> None:
        now = self._clock.now()
        self.asynchronous.accept(
            Pending(request_id, name, qualifier, payload, accepted=now, due=now, by_timer=by_timer)
        )

    def _accept_from_timer(self, trigger: Trigger, event: bytes) -> None:
        self._accept(
            trigger.function,
            event,
            request_id=uuid_form(self._ids()).lower(),
            qualifier=trigger.qualifier,
            by_timer=True,
        )

    def _accept_outcome(self, name: str, payload: bytes) -> None:
        if len(payload) > ASYNC_PAYLOAD_LIMIT:
            raise PayloadTooLargeError(len(payload), ASYNC_PAYLOAD_LIMIT)
        self.registry.target(name)
        request_id = uuid_form(self._ids()).lower()
        self._accept(name, payload, request_id=request_id, qualifier=LATEST)

    def _finish_pending(self, pending: Pending, result: Invocation, config: AsyncConfig) -> None:
        """Tell the destination how an invocation ended; what goes wrong shows in the log only."""
        if result.status != 200:
            self._note(pending, f"was given up: {result.body.decode('utf-8', 'replace')}")
        try:
            role = self.registry.target(pending.function, pending.qualifier).settings["role"]
        except ApiError:
            # The function is gone, and with it who could write.
            return
        if lost := self._destinations.tell(pending, result, config, role):
            self._note(pending, f"has an outcome that was {lost}")

    def _note(self, pending: Pending, what: str) -> None:
        """Write into a function's log what the real cloud shows in a metric, if at all."""
        line = f"[local cloud] the asynchronous call {pending.request_id} {what}"
        self._journal.write_output(
            pending.function, pending.request_id, self._clock.now(), 0.0, "", line
        )

    async def _invoke_pending(self, pending: Pending) -> Invocation:
        return await self.invoke(
            pending.function,
            pending.payload,
            request_id=pending.request_id,
            qualifier=pending.qualifier,
        )

    async def _invoke_qualified(
        self, name: str, qualifier: str, payload: bytes, request_id: str
    ) -> Invocation:
        return await self.invoke(name, payload, request_id=request_id, qualifier=qualifier)

    async def _invoke_qualified_later(
        self, name: str, qualifier: str, payload: bytes, request_id: str
    ) -> None:
        await self.invoke_later(name, payload, request_id=request_id, qualifier=qualifier)

    async def _run(self, target: Target, payload: bytes, request_id: str) -> Invocation:
        header = {
            "request_id": request_id,
            "qualifier": target.qualifier,
            "credentials": self._credentials(target),
        }
        self._check_log(target)
        try:
            spec = await self._specs.of(target)
            async with self.pool.worker(spec) as worker:
                began = time.perf_counter()
                limit = self._time_limit(target.settings["timeout"])
                outcome = await worker.run(header, payload, limit)
                duration_ms = (time.perf_counter() - began) * 1000
        except (OSError, SandboxUnavailableError) as error:
            raise ApiError(
                "InternalServerError", f"no process could be started: {error}", 500
            ) from error
        invocation = finished(target, outcome, duration_ms, request_id)
        lines = log_lines(outcome.output, invocation.error_type, invocation.body, request_id)
        self._write_log(target, invocation, lines)
        return invocation

    def _failed_on_demand(self, target: Target, error: str, request_id: str) -> Invocation:
        if len(error) == 3 and error.isdigit():
            code = "ResourceExhausted" if error == "429" else "InternalServerError"
            return refused(ApiError(code, "failed on demand", int(error)), request_id)
        body = {"errorMessage": "failed on demand", "errorType": error, "stackTrace": []}
        content = json.dumps(body).encode()
        invocation = Invocation(200, content, "FunctionUnhandledError", request_id=request_id)
        self._write_log(target, invocation, log_lines("", error, content, request_id))
        return invocation

    # What a function gets

    def _credentials(self, target: Target) -> dict[str, str]:
        role = target.settings["role"]
        if not role:
            return {}
        # Anew for each call, so that a changed trust policy shows at once.
        credentials = self._assume(role, SERVICE, target.function)
        return {
            "access_key_id": credentials.access_key_id,
            "access_key_secret": credentials.access_key_secret,
            "security_token": credentials.security_token,
        }

    # Logs

    def _check_log(self, target: Target) -> None:
        """Fail unless the function's role may write to the function's log store."""
        log = target.settings.get("logConfig") or {}
        role = target.settings["role"]
        if not log.get("project") or not role:
            return
        resource = (
            f"acs:log:{self.settings.region}:{self.settings.account_id}:"
            f"project/{log['project']}/logstore/{log['logstore']}"
        )
        action = "log:PostLogStoreLogs"
        if not self._is_allowed(role, action, resource):
            # guess: the real service runs the function and loses its log without a word; a lost
            # log is found too late, so the missing permission is shown at once.
            raise NoPermissionError(action, resource, role)

    def _write_log(self, target: Target, invocation: Invocation, lines: list[str]) -> None:
        log = target.settings.get("logConfig") or {}
        if log.get("project"):
            common = {
                "functionName": target.function,
                "versionId": target.version,
                "qualifier": target.qualifier,
                "requestId": invocation.request_id,
            }
            project, store = log["project"], log["logstore"]
            try:
                # "Print function logs" gives the topic.
                self._append_log(
                    project,
                    store,
                    [{**common, "message": line} for line in lines],
                    topic=f"FCLogs:{target.function}",
                )
                if log.get("enableRequestMetrics"):
                    entry = metrics(target, invocation)
                    topic = f"FCRequestMetrics:{target.function}"
                    self._append_log(project, store, [entry], topic=topic)
            except ApiError as failure:
                # guess: a function runs all the same when its log store is gone.
                lines = [*lines, f"[local cloud] not written to the log store: {failure.message}"]
        self._journal.write_output(
            target.function,
            invocation.request_id,
            self._clock.now(),
            invocation.duration_ms,
            invocation.error_type,
            "\n".join(lines),
        )
