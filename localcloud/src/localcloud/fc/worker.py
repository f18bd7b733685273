"""The process in which a function runs: started by the local cloud, standard library only.

It is given one end of a socket pair. The first frame says what to run; each further frame is one
invocation and is answered by one frame. A frame is two lengths, a JSON header and raw bytes. What
the function prints goes to the standard output as it is; a line that only this invocation's header
knows marks where its output ends.

Before it runs anything of the function's it shuts itself in; when the local cloud is gone it is
killed with all that it started, in the middle of a call too.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import struct
import sys
import time
from importlib import import_module

from localcloud.sandbox import function
from localcloud.sandbox.level import Level
from localcloud.sandbox.limits import Limits

# typing costs a tenth of the start, so only checkers import it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FRAME = struct.Struct(">II")
RESULT_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer; the cloud's limit for a synchronous payload ("Limits")."""


class FunctionMeta:
    """What the context says about the function."""

    def __init__(self, meta: dict[str, Any], qualifier: str, *, extended: bool) -> None:
        self.name = meta["name"]
        self.handler = meta["handler"]
        self.memory = meta["memory"]
        self.timeout = meta["timeout"]
        if extended:
            self.version_id = meta["version_id"]
            self.qualifier = qualifier


class ServiceMeta:
    """What the context of runtimes before Python 3.12 says about logs and versions."""

    def __init__(self, meta: dict[str, Any], qualifier: str) -> None:
        self.name = ""
        self.log_project = meta["log_project"]
        self.log_store = meta["log_store"]
        self.qualifier = qualifier
        self.version_id = meta["version_id"]


class Credentials:
    """The role's short-lived access key, in the context of runtimes before Python 3.12."""

    def __init__(
        self, access_key_id: str = "", access_key_secret: str = "", security_token: str = ""
    ) -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.security_token = security_token


class FCContext:
    """The second argument of a handler ("Context", Python runtimes, Function Compute 3.0).

    Since Python 3.12 it has neither ``credentials`` nor ``service``: the access key stands in the
    environment (``ALIBABA_CLOUD_ACCESS_KEY_ID``, ``..._SECRET``, ``ALIBABA_CLOUD_SECURITY_TOKEN``)
    and the log's names in the context itself. Earlier runtimes have the two.
    """

    def __init__(self, meta: dict[str, Any], header: dict[str, Any]) -> None:
        modern = meta["runtime"] == "python3.12"
        self.request_id = header["request_id"]
        self.account_id = meta["account_id"]
        self.region = meta["region"]
        self.function = FunctionMeta(meta, header["qualifier"], extended=modern)
        if modern:
            self.logger: logging.Logger | None = None
            self.log_project = meta["log_project"]
            self.log_store = meta["log_store"]
        else:
            self.credentials = Credentials(**header["credentials"])
            self.service = ServiceMeta(meta, header["qualifier"])

    def getLogger(self) -> logging.Logger:  # noqa: N802 - the runtime's own name
        """Return a logger whose lines carry time, request id and level."""
        self.logger = logging.getLogger()
        return self.logger

    def to_json(self) -> str:
        """Write the context as JSON."""
        return json.dumps(self, default=lambda value: getattr(value, "__dict__", str(value)))


class LogFormatter(logging.Formatter):
    """``2026-01-01T00:00:00.000Z <request id> [INFO] text`` ("Print function logs")."""

    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return f"{seconds}.{int(record.msecs):03}Z {self.request_id} [{record.levelname}] {text}"


class UnloadableError(Exception):
    """The handler could not be loaded."""

    def __init__(self, error_type: str, message: str, stack: list[list[str]]) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.stack = stack


def read_exactly(fd: int, size: int) -> bytes:
    """Return that many bytes, or end quietly when the local cloud closed the pair."""
    chunks = []
    while size:
        chunk = os.read(fd, min(size, 1 << 20))
        if not chunk:
            os._exit(0)
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def read_frame(fd: int) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes of the next frame."""
    header_size, size = FRAME.unpack(read_exactly(fd, FRAME.size))
    header = json.loads(read_exactly(fd, header_size))
    return header, read_exactly(fd, size)


def write_frame(fd: int, header: dict[str, Any], content: bytes) -> None:
    """Send a frame."""
    encoded = json.dumps(header).encode()
    left = memoryview(FRAME.pack(len(encoded), len(content)) + encoded + content)
    while left:
        left = left[os.write(fd, left) :]


def shut_in(fd: int, settings: dict[str, Any]) -> tuple[str, str]:
    """Go on in a process that is shut in; give where the code and its own files are in there."""
    level = Level(settings["level"])
    code_path, own = function.enter(
        fd,
        level,
        settings["code"],
        [*settings["interpreter"], *settings["packages"]],
        Limits(*settings["limits"]),
        settings["port"],
    )
    # The function imports its own modules by whatever name, and finds none of the local cloud's.
    sys.path.remove(settings["sources"])
    for name in [name for name in sys.modules if name.partition(".")[0] == "localcloud"]:
        del sys.modules[name]
    sys.path += settings["packages"]
    return code_path, own


def load(meta: dict[str, Any]) -> Any:
    """Return the handler, or say why there is none."""
    module_path, _, name = meta["handler"].rpartition(".")
    module_name = module_path.replace("/", ".")
    try:
        module = import_module(module_name)
    except (SystemExit, MemoryError):
        raise
    except BaseException as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name
        raise UnloadableError(
            "ModuleNotFound" if missing else "ImportModuleError",
            f"Module '{module_name}' is missing."
            if missing
            else f"Unable to import module '{module_name}': {type(error).__name__}: {error}",
            stack_of(error, meta["code_path"]),
        ) from error
    handler = getattr(module, name, None)
    if not callable(handler):
        raise UnloadableError(
            "HandlerNotFound", f"Handler '{name}' is missing on module '{module_name}'", []
        )
    return handler


def stack_of(error: BaseException, code_path: str) -> list[list[str]]:
    """Return the frames below this file, with the paths that they have in the cloud."""
    import traceback  # noqa: PLC0415 - only failing calls pay for it

    return [
        [
            f'File "{frame.filename.replace(code_path, "/code", 1)}"',
            f"line {frame.lineno}",
            f"in {frame.name}",
            frame.line or "",
        ]
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]


class ResponseSizeTooLarge(Exception):
    """The handler returned more than the cloud takes."""


def encode(result: Any) -> bytes:
    """Return the bytes of what a handler returned: bytes and text as they are, else JSON."""
    if isinstance(result, bytes | bytearray):
        content = bytes(result)
    elif isinstance(result, str):
        content = result.encode()
    else:
        content = json.dumps(result).encode()
    if len(content) > RESULT_LIMIT:
        raise ResponseSizeTooLarge(
            f"the result has {len(content)} bytes; accepted are at most {RESULT_LIMIT}"
        )
    return content


def peak_memory() -> int:
    """Return the most memory this process ever had, in KB."""
    # The usage that the kernel reports begins with that of the process that started this one.
    with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - pathlib costs start time
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def describe(error_type: str, message: str, stack: list[list[str]]) -> bytes:
    """Write an error as the runtime does ("Error handling", Python runtimes)."""
    body = {"errorMessage": message, "errorType": error_type, "stackTrace": stack}
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def main(fd: int, settings: dict[str, Any]) -> None:
    """Serve invocations until the local cloud closes the pair."""
    # Functions give way to the cloud itself: what is posted is taken in while they run.
    os.nice(5)
    try:
        code_path, own = shut_in(fd, settings)
    except OSError as error:
        write_frame(fd, {"status": "unstarted", "peak_kb": 0}, str(error).encode())
        return
    meta, _ = read_frame(fd)
    meta["code_path"] = code_path
    # By the connection and not with the process, whose environment others might look at.
    os.environ.update({**meta["environment"], "FC_FUNC_CODE_PATH": code_path})
    if own != os.environ["HOME"]:
        os.environ.update({"HOME": own, "TMPDIR": own})
    write_frame(fd, {"status": "started", "peak_kb": 0}, b"")
    sys.path.insert(0, code_path)
    sys.argv = [meta["handler"]]
    sys.stdout, sys.stderr = (
        os.fdopen(file, "w", 1, "utf-8", "backslashreplace", closefd=False) for file in (1, 2)
    )
    formatter = LogFormatter()
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(formatter)
    logging.getLogger().addHandler(output)
    logging.getLogger().setLevel(logging.INFO)
    handler: Any = None
    while True:
        header, event = read_frame(fd)
        formatter.request_id = header["request_id"]
        for name, value in header["credentials"].items():
            os.environ[f"ALIBABA_CLOUD_{name.upper()}"] = value
        content = b""
        try:
            handler = handler or load(meta)
            # An instance that is kept ready loads its code before anybody calls.
            if not header.get("load_only"):
                content = encode(handler(event, FCContext(meta, header)))
            status = "ok"
        except UnloadableError as error:
            status = "unloadable"
            content = describe(error.error_type, str(error), error.stack)
        except MemoryError:
            status = "memory"
        except (SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            status = "error"
            content = describe(type(error).__name__, str(error), stack_of(error, meta["code_path"]))
        event = b""
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, header["end_of_output"].encode())
        write_frame(fd, {"status": status, "peak_kb": peak_memory()}, content)
