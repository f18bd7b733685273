"""What a local cloud is told to bring along: the stand-ins of others, served at its own address.

An extension is a function that ``serve --config`` names, ``package.module:function``. It is called
once with its options and with what it may use, and returns an :class:`Extension`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from localcloud.commandline.errors import UserError
from localcloud.environment import Environment
from localcloud.http import HttpRequest, HttpResponse
from localcloud.inspection import Changes, Views
from localcloud.settings import ExtensionSettings

HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class ExtensionError(UserError):
    """An extension cannot be brought along; the message says why."""


@dataclass(frozen=True)
class Extension:
    """What an extension adds to a local cloud."""

    handlers: Mapping[str, HttpHandler] = field(default_factory=dict)
    """Host name below ``.localcloud.invalid`` -> what answers there."""
    views: Views = field(default_factory=dict)
    """What can be read below ``/_localcloud/``."""
    changes: Changes = field(default_factory=dict)
    """What can be posted there."""
    run: Callable[[], Awaitable[None]] | None = None
    """What runs in the background until it is cancelled."""


def load(name: str, settings: ExtensionSettings, environment: Environment) -> Extension:
    """Return an extension.

    Raises:
        ExtensionError: if there is no such function, or it does not take its options.
    """
    module, _, function = settings.create.partition(":")
    try:
        create = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ExtensionError(f"extension '{name}': {settings.create}: {error}") from error
    try:
        made = create(settings.options, environment)
    except (KeyError, TypeError, ValueError) as error:
        raise ExtensionError(f"extension '{name}' does not take its options: {error!r}") from error
    if not isinstance(made, Extension):
        raise ExtensionError(f"extension '{name}': {settings.create} returns no Extension")
    return made
