"""Buses, sources and rules, and what happens to an event that arrives on a bus."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

from localcloud.environment import Environment
from localcloud.errors import MissingParameterError
from localcloud.eventbridge.connections import Connections
from localcloud.eventbridge.delivery.history import History
from localcloud.eventbridge.delivery.journal import Journal, Route
from localcloud.eventbridge.delivery.target import Target
from localcloud.eventbridge.errors import (
    CountExceedsLimitError,
    EventBusAlreadyExistError,
    EventBusNotEmptyError,
    EventBusNotExistError,
    EventRuleAlreadyExistError,
    EventRuleNotExistedError,
    EventSourceAlreadyExistError,
    EventSourceNotExistError,
    PatternInvalidError,
)
from localcloud.eventbridge.events import complete, render
from localcloud.eventbridge.external_source import SCHEDULE, External, next_due
from localcloud.eventbridge.http_source import HttpParameters, digest, is_same
from localcloud.eventbridge.linked_roles import LinkedRoles
from localcloud.eventbridge.matching.index import RuleIndex
from localcloud.eventbridge.matching.pattern import InvalidPatternError, Pattern
from localcloud.eventbridge.resources import (
    DEFAULT_BUS,
    ENABLED,
    Bus,
    Rule,
    Source,
    check_name,
)
from localcloud.eventbridge.target_config import compile_target
from localcloud.settings import CloudSettings
from localcloud.store import Store, Table

CUSTOM_BUSES = 50
RULES_A_BUS = 50
_NO_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class _Compiled:
    """A rule that is ready for use."""

    pattern: Pattern
    targets: dict[str, Target]
    routes: tuple[Route, ...]


class EventBridge:
    """The event buses of the account."""

    def __init__(
        self, settings: CloudSettings, environment: Environment, store: Store, journal: Journal
    ) -> None:
        self.settings = settings
        self.clock = environment.clock
        self.ids = environment.ids
        self.store = store
        self._journal = journal
        self.history = History(store)
        self._buses = Table(store, "eventbridge.bus", Bus)
        self._sources = Table(store, "eventbridge.source", Source)
        self._rules = Table(store, "eventbridge.rule", Rule)
        self.connections = Connections(self.clock, self.ids, store)
        self._compiled = {key: _compile(rule) for key, rule in self._rules.items()}
        self.linked_roles = LinkedRoles(store, self.clock, self._all_rules)
        self._indexes: dict[str, RuleIndex[tuple[Route, ...]]] = {}
        self._by_token = {digest(s.token): s for s in self._sources if s.token}
        if DEFAULT_BUS not in self._buses:
            self._buses.put(DEFAULT_BUS, Bus(DEFAULT_BUS, "", self.clock.now()))

    def publish(
        self, bus: str, event: Mapping[str, Any], *, address: str = _NO_ADDRESS
    ) -> Mapping[str, Any]:
        """Accept an event on a bus and return it as it was accepted.

        It and its deliveries are durable at the next flush; they are sent after that.

        Raises:
            EventBusNotExistError: when there is no such bus.
            EventSizeExceedError: when the event is too large.
        """
        index = self._indexes.get(bus)
        if index is None:
            index = self._index(self.bus(bus).name)
        event, text = render(
            complete(
                event,
                bus=bus,
                region=self.settings.region,
                account=self.settings.account_id,
                now=self.clock.now(),
                address=address,
            )
        )
        routes = tuple(chain.from_iterable(index.matching(event)))
        self._journal.accept(bus, event, text, routes)
        return event

    def target(self, bus: str, rule: str, target: str) -> Target | None:
        """Return a rule's target as it is configured now, or None."""
        compiled = self._compiled.get(_key(bus, rule))
        return compiled.targets.get(target) if compiled else None

    def pattern(self, rule: Rule) -> Pattern:
        """Return a rule's compiled pattern."""
        return self._compiled[_key(rule.bus, rule.name)].pattern

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of EventBridge."""
        where = f"{self.settings.region}:{self.settings.account_id}"
        return f"acs:eventbridge:{where}:{resource}"

    def bus_arn(self, bus: str) -> str:
        """Return a bus's ARN."""
        return self.arn(f"eventbus/{bus}")

    def rule_arn(self, bus: str, rule: str) -> str:
        """Return a rule's ARN."""
        return f"{self.bus_arn(bus)}/rule/{rule}"

    def source_arn(self, bus: str, source: str) -> str:
        """Return a source's ARN, which is also the subject of its events."""
        return f"{self.bus_arn(bus)}/eventsource/{source}"

    def webhook_urls(self, source: Source) -> list[str]:
        """Return the addresses to which a source's events are posted.

        Type HTTPS has the same one here: the local cloud speaks plain HTTP on loopback.
        """
        # guess: every published example of a new HTTP source is linked; none says what becomes of
        # one that is not.
        if not source.linked and self.settings.readings.unlinked_source == "without-url":
            return []
        return [f"{self.settings.endpoint}/webhook/putEvents?token={source.token}"]

    def buses(self) -> list[Bus]:
        """Return the buses, by name."""
        return sorted(self._buses, key=lambda b: b.name)

    def bus(self, name: str) -> Bus:
        """Return a bus, or fail with the cloud's code."""
        bus = self._buses.get(name)
        if bus is None:
            raise EventBusNotExistError(name)
        return bus

    def create_bus(self, name: str, description: str) -> None:
        """Create a bus."""
        check_name("EventBus", name)
        if name in self._buses:
            raise EventBusAlreadyExistError(name)
        if len(self._buses) > CUSTOM_BUSES:  # the default bus is not one of them
            raise CountExceedsLimitError("EventBus", CUSTOM_BUSES)
        self._buses.put(name, Bus(name, description, self.clock.now()))

    def describe_bus(self, name: str, description: str) -> None:
        """Change a bus's description."""
        self._buses.put(name, replace(self.bus(name), description=description))

    def delete_bus(self, name: str) -> None:
        """Delete a bus that has neither rules nor sources."""
        check_name("EventBus", self.bus(name).name)
        if rules := [r.name for r in self.rules(name)]:
            raise EventBusNotEmptyError(name, "Rule", rules)
        if sources := [s.name for s in self.sources() if s.bus == name]:
            raise EventBusNotEmptyError(name, "Source", sources)
        self._buses.delete(name)
        self._indexes.pop(name, None)

    def sources(self) -> list[Source]:
        """Return the sources of all buses, by name."""
        return sorted(self._sources, key=lambda s: (s.name, s.bus))

    def source_with_token(self, token: str) -> Source | None:
        """Return the source whose webhook has that token."""
        source = self._by_token.get(digest(token))
        return source if source and is_same(source.token, token) else None

    def create_source(
        self,
        bus: str,
        name: str,
        description: str,
        http: HttpParameters | None,
        external: External | None = None,
        *,
        linked: bool,
    ) -> None:
        """Create a source; with HTTP parameters it gets a webhook with a token of its own."""
        self.bus(bus)
        check_name("EventSource", name)
        if _key(bus, name) in self._sources:
            raise EventSourceAlreadyExistError(bus, name)
        source = Source(bus, name, description, created=self.clock.now(), linked=linked)
        self._put_source(source, http, external)

    def change_source(
        self,
        bus: str,
        name: str,
        description: str,
        http: HttpParameters | None,
        external: External | None = None,
    ) -> None:
        """Replace a source's description and parameters; its webhook stays the same."""
        changed = replace(self._source(bus, name), description=description)
        self._put_source(changed, http, external)

    def put_source(self, source: Source) -> None:
        """Replace a source."""
        self._sources.put(_key(source.bus, source.name), source)

    def bus_of_source(self, name: str) -> str:
        """Return the bus of the one source that has a name; an empty text if there is none.

        Raises:
            MissingParameterError: when sources of several buses have it.
        """
        buses = [source.bus for source in self._sources if source.name == name]
        if len(buses) > 1:
            # guess: what the cloud does with a name that several buses know.
            raise MissingParameterError("EventBusName")
        return buses[0] if buses else ""

    def delete_source(self, bus: str, name: str) -> None:
        """Delete a source; its webhook is closed."""
        source = self._source(bus, name)
        self._sources.delete(_key(bus, name))
        self._by_token.pop(digest(source.token), None)

    def rules(self, bus: str) -> list[Rule]:
        """Return a bus's rules, by name."""
        return sorted((r for r in self._rules if r.bus == bus), key=lambda r: r.name)

    def rule(self, bus: str, name: str) -> Rule:
        """Return a rule, or fail with the cloud's code."""
        rule = self._rules.get(_key(bus, name))
        if rule is None:
            self.bus(bus)
            raise EventRuleNotExistedError(bus, name)
        return rule

    def create_rule(self, rule: Rule) -> None:
        """Create a rule."""
        self.bus(rule.bus)
        check_name("EventRule", rule.name)
        if _key(rule.bus, rule.name) in self._rules:
            raise EventRuleAlreadyExistError(rule.bus, rule.name)
        if len(self.rules(rule.bus)) >= RULES_A_BUS:
            raise CountExceedsLimitError("EventRule", RULES_A_BUS)
        self.put_rule(replace(rule, created=self.clock.now()))

    def put_rule(self, rule: Rule) -> None:
        """Replace a rule; what was accepted before goes on to the targets as they are now.

        Raises:
            PatternInvalidError: when the engine refuses the pattern.
        """
        try:
            compiled = _compile(rule)
        except InvalidPatternError as error:
            raise PatternInvalidError(str(error)) from None
        key = _key(rule.bus, rule.name)
        self._rules.put(key, rule)
        self._compiled[key] = compiled
        self._indexes.pop(rule.bus, None)

    def delete_rule(self, bus: str, name: str) -> None:
        """Delete a rule; what it matched and could not deliver yet is dropped."""
        self.rule(bus, name)
        self._rules.delete(_key(bus, name))
        self._compiled.pop(_key(bus, name))
        self._indexes.pop(bus, None)

    def _all_rules(self) -> list[tuple[str, Rule]]:
        return [(self.rule_arn(rule.bus, rule.name), rule) for rule in self._rules]

    def _index(self, bus: str) -> RuleIndex[tuple[Route, ...]]:
        index = RuleIndex(
            (compiled.routes, compiled.pattern)
            for rule in self.rules(bus)
            if rule.status == ENABLED and (compiled := self._compiled[_key(bus, rule.name)]).routes
        )
        self._indexes[bus] = index
        return index

    def _source(self, bus: str, name: str) -> Source:
        source = self._sources.get(_key(bus, name))
        if source is None:
            if bus:
                self.bus(bus)
            raise EventSourceNotExistError(bus, name)
        return source

    def _put_source(
        self, source: Source, http: HttpParameters | None, external: External | None
    ) -> None:
        token = source.token or (self.ids() if http else "")
        is_scheduled = external is not None and external.kind == SCHEDULE
        source = replace(
            source,
            http=asdict(http) if http else None,
            token=token,
            external=asdict(external) if external else {},
            due=next_due(external.given, self.clock.now()) if external and is_scheduled else None,
        )
        self.put_source(source)
        if token:
            self._by_token[digest(token)] = source


def _key(bus: str, name: str) -> str:
    return f"{bus}/{name}"


def _compile(rule: Rule) -> _Compiled:
    targets = {target.id: target for target in map(compile_target, rule.targets)}
    return _Compiled(Pattern.compile(rule.pattern), targets, tuple((rule.name, t) for t in targets))
