"""Decides as much as can be decided while some values are not known yet."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from pulumi_policy.proxy import UnknownValueError

T = TypeVar("T")


def is_any(items: Iterable[T], test: Callable[[T], bool]) -> bool:
    """Return whether the test holds for any item.

    An item that cannot be judged yet is passed over as long as another one decides; if none does,
    its :class:`UnknownValueError` is raised.
    """
    undecided: UnknownValueError | None = None
    for item in items:
        try:
            if test(item):
                return True
        except UnknownValueError as error:
            undecided = error
    if undecided:
        raise undecided
    return False
