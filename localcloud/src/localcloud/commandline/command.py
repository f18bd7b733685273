"""Runs a command's function and turns whatever a user can cause into one line on stderr."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from localcloud.commandline.errors import UserError


def prepare_output() -> None:
    """Replace what a terminal's encoding cannot show, and stand in for a stream that is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Kept open until the process ends.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        else:
            stream.reconfigure(errors="replace")


def load(module: str, prog: str) -> Callable[..., Any]:
    """Import the module of a command and return its ``main``."""
    try:
        found: Callable[..., Any] = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        _say(prog, f"the package '{error.name}' is not installed; run 'make venv'")
        raise SystemExit(1) from None
    return found


def run(main: Callable[..., Any] | typer.Typer, arguments: Sequence[str], prog: str) -> int:
    """Run a command with these arguments and return its exit code."""
    try:
        code = _command(main).main(list(arguments), prog, standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        return _say(prog, str(error), error.exit_code)
    except typer.TyperException as error:
        return _say_usage(prog, error, arguments)
    except BrokenPipeError:
        # Whoever read the output has enough; as a shell reports it of any other command.
        _discard_output()
        return 141
    except OSError as error:
        if not _can_write():
            _discard_output()
        return _say(prog, described(error))
    return code if isinstance(code, int) else 0


def _can_write() -> bool:
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _discard_output() -> None:
    """Let what is still to be written go nowhere: Python would fail on it once more at its end."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def described(error: OSError) -> str:
    """Say in one line what the system refused, and of which file."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _command(main: Callable[..., Any] | typer.Typer) -> Any:
    if not isinstance(main, typer.Typer):
        function = main
        main = typer.Typer(add_completion=False)
        main.command()(function)
    return typer.main.get_command(main)


def _say(prog: str, message: str, code: int = 1) -> int:
    typer.echo(f"{prog}: {message}", err=True)
    return code


def _say_usage(prog: str, error: typer.TyperException, arguments: Sequence[str]) -> int:
    """Say what is wrong with a command line, and where what is accepted can be read."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else prog
    # A command without arguments has shown its help already.
    if type(error).__name__ != "NoArgsIsHelpError":
        text = getattr(error, "format_message", error.__str__)()
        text = text.replace("Value error, ", "").replace("Input should be", "must be")
        message = " ".join(text.split()).rstrip(".")
        if given := _given_for(getattr(error, "param", None), arguments):
            message = message.replace("Invalid value", f"Invalid value '{given}'", 1)
        _say(prog, f"{message[:1].lower()}{message[1:]}; see '{path} --help'")
    return int(getattr(error, "exit_code", 2))


def _given_for(parameter: Any, arguments: Sequence[str]) -> str:
    """Return what was written for an option, which the message about it leaves out."""
    for name in getattr(parameter, "opts", ()):
        for before, value in zip(arguments, [*arguments[1:], ""], strict=True):
            if before == name:
                return value
            if before.startswith(f"{name}="):
                return before.removeprefix(f"{name}=")
    return ""
