"""The packages that the Python runtime has besides the standard library.

"Python" (runtimes, Function Compute 3.0) lists pyOpenSSL, and with it ``cryptography``, requests,
redis and others. Here a function sees ``cryptography`` alone, in the version of this environment:
what else a function needs, its archive has to bring along.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_SHIPPED = ("cryptography", "cffi", "_cffi_backend")
_DISTRIBUTIONS = ("cryptography", "cffi")


def gather(folder: Path, version: Callable[[str], str] = metadata.version) -> Path:
    """Put the packages into a folder of their own below this one; return it.

    Nothing else lies beside them, and copies of other versions go.
    """
    gathered = folder / _edition(version)
    if gathered.is_dir():
        return gathered
    folder.mkdir(parents=True, exist_ok=True)
    for old in set(folder.iterdir()) - {gathered}:
        shutil.rmtree(old, ignore_errors=True)
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
        unfinished.rename(gathered)
    except OSError:
        # Somebody else was faster.
        shutil.rmtree(unfinished, ignore_errors=True)
    return gathered


def _edition(version: Callable[[str], str]) -> str:
    """Name what is gathered: the interpreter and the version of each package."""
    names = [str(sys.implementation.cache_tag)]
    for distribution in _DISTRIBUTIONS:
        try:
            names.append(f"{distribution}-{version(distribution)}")
        except metadata.PackageNotFoundError:
            names.append(f"no-{distribution}")
    return "+".join(names)


def _link(source: str, target: str) -> None:
    """Link a file where that is possible: a copy of the library takes 16 MB."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
