"""What a configuration brings along: hosts, views and changes of others, at the cloud's address."""

from pathlib import Path
from typing import Any

import pytest

from localcloud import configuration, extension
from localcloud.configuration import ConfigurationError
from localcloud.environment import Environment
from localcloud.extension import Extension, ExtensionError
from localcloud.http import HttpRequest, HttpResponse
from localcloud.settings import ExtensionSettings


async def _echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, request.body)


def create(options: dict[str, Any], environment: Environment) -> Extension:
    """Return an extension that a test can look at."""
    return Extension(handlers={options["host"]: _echo})


def nothing(options: dict[str, Any], environment: Environment) -> None:
    """Return what is not an extension."""


def test_an_extension_is_created_with_its_options() -> None:
    """The function that is named gets the options, and says what is served."""
    settings = ExtensionSettings(f"{__name__}:create", {"host": "api.example"})
    assert list(extension.load("x", settings, Environment()).handlers) == ["api.example"]


@pytest.mark.parametrize(
    ("create", "options", "reason"),
    [
        ("no.such:module", {}, "No module"),
        (f"{__name__}:missing", {}, "missing"),
        (f"{__name__}:create", {}, "options"),
        (f"{__name__}:nothing", {}, "no Extension"),
    ],
)
def test_an_extension_that_is_none(create: str, options: dict[str, Any], reason: str) -> None:
    """The message says what is wrong, without a traceback."""
    with pytest.raises(ExtensionError, match=reason):
        extension.load("x", ExtensionSettings(create, options), Environment())


@pytest.mark.parametrize(
    "text",
    ["{create: 7}", "{create: no function}", "{create: 'a:b', options: [1]}", "{other: 1}"],
)
def test_a_wrong_extension_in_the_file(tmp_path: Path, text: str) -> None:
    """The place of the mistake is named."""
    file = tmp_path / "localcloud.yaml"
    file.write_text(f"extensions:\n  x: {text}\n")
    with pytest.raises(ConfigurationError, match=r"extensions\.x"):
        configuration.read(file)
