"""The packages that the Python runtime has besides the standard library.

"Python" (runtimes, Function Compute 3.0) lists pyOpenSSL, and with it ``cryptography``, requests,
redis and others. Here a function sees ``cryptography`` alone, in the version of this environment:
what else a function needs, its archive has to bring along.
"""

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

_SHIPPED = ("cryptography", "cffi", "_cffi_backend")


def gather(folder: Path) -> Path:
    """Put the packages into a folder of their own, which nothing else lies beside; return it."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Several functions may start at the same time.
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    unfinished.chmod(0o755)
    for name in _SHIPPED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        if origin.stem == "__init__":
            shutil.copytree(
                origin.parent,
                unfinished / name,
                copy_function=_link,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        else:
            _link(str(origin), str(unfinished / origin.name))
    try:
        unfinished.rename(folder)
    except OSError:
        # Somebody else was faster.
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _link(source: str, target: str) -> None:
    """Link a file where that is possible: a copy of the library takes 16 MB."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
