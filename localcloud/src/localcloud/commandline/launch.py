"""Starts a command and ends it: no mistake of a user, no signal and no terminal gives a traceback.

Nothing but the interpreter's own modules is imported before the signals are handled: a Ctrl-C while
a command is still loading ends it as silently as later.
"""

# `signal` itself would load several modules first.
import _signal  # type: ignore[import-not-found]
import os
import sys

_STOPPING = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)


def launch(module: str, prog: str) -> None:
    """Import a module and run its ``main`` as the command of this process, which then ends.

    ``main`` is a typed function or a ``typer.Typer``; what it returns is the exit code.
    """
    _on_signals(_leave)
    # `make` starts its commands with SIGINT blocked, for the interpreter cannot handle it before.
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _STOPPING)
    code = 1
    try:
        from localcloud.commandline.loading import loading  # noqa: PLC0415

        with loading():
            from localcloud.commandline import command  # noqa: PLC0415

            command.prepare_output()
            main = command.load(module, prog)
        _on_signals(_interrupt)
        code = command.run(main, sys.argv[1:], prog)
    except KeyboardInterrupt:
        code = 130
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        _on_signals(_leave)
    if code in {128 + number for number in _STOPPING}:
        # Whatever still runs in a thread must not keep a command that was told to stop.
        os._exit(code)
    sys.exit(code)


def _on_signals(handler: object) -> None:
    for number in _STOPPING:
        # What is ignored stays ignored: `nohup`, or a shell's background job.
        if _signal.getsignal(number) is not _signal.SIG_IGN:
            _signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    os._exit(128 + number)


def _interrupt(number: int, _frame: object) -> None:
    from localcloud.commandline import children  # noqa: PLC0415

    children.end_all()
    if number == _signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
