"""Whether the time of a refusal tells what is wrong with a push of native approvals.

Two pushes, one after the other in random order, thousands of times; the figure is how often the
second of a pair took longer, over all pairs of both samples (the area under the ROC curve). 50 %
says that time tells nothing. It is measured in the process, where an attacker cannot stand: beyond
HTTP and Function Compute all of this drowns.

Lark's ciphertexts can come from anybody, as the request by which it verifies a URL is not signed;
whoever gets as far as a wrong tenant, or past DingTalk's signature, has the app's keys already.
"""

import base64
import contextlib
import io
import random
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from statistics import median
from typing import Any

from functions.receive_approval import act, aes
from functions.receive_approval.http_call import Call
from tests.unit.functions.receive_approval import test_hostile_pushes as hostile
from tests.unit.functions.receive_approval.pushes import (
    APPROVED,
    IV,
    dingtalk_sealed,
    lark,
    lark_sealed,
)

PAIRS = 5000
_UNSIGNED = {"content-type": "application/json"}
_GARBAGE = bytes(range(200, 248)) * 4


def figures() -> Iterator[dict[str, Any]]:
    """Compare refusals, two at a time."""
    for what, (one, other) in _pairs().items():
        first, second = samples = _measured(one, other)
        medians = " and ".join(f"{median(found) / 1000:.0f} us" for found in samples)
        figure = {"what": f"{what} (p50 {medians})", "value": 100 * _area(first, second)}
        yield {**figure, "unit": "% longer", "goal": "" if "tenant" in what else "50 %"}


def _pairs() -> dict[str, tuple[Call, Call]]:
    right, wrong = _padded(good=True), _padded(good=False)
    unsigned = [lark_sealed(one)._replace(headers=_UNSIGNED) for one in (right[1], wrong[1])]
    return {
        "lark, unsigned: right or wrong padding": (unsigned[0], unsigned[1]),
        "lark, signed: right or wrong padding": (lark_sealed(right[1]), lark_sealed(wrong[1])),
        "dingtalk, signed: right or wrong padding": (
            dingtalk_sealed(right[0]),
            dingtalk_sealed(wrong[0]),
        ),
        "lark: wrong signature or wrong tenant": (
            lark(APPROVED)._replace(
                headers={**lark(APPROVED).headers, "x-lark-signature": "0" * 64}
            ),
            hostile.HOSTILE["lark: other tenant"],
        ),
        "lark: the same push twice, for comparison": (unsigned[1], unsigned[1]),
    }


def _padded(*, good: bool) -> tuple[str, str]:
    """Return ciphertexts of bytes that are no JSON: DingTalk's, and Lark's."""
    key, lark_key = hostile.DINGTALK_KEY, hostile.LARK_KEY
    if good:
        dingtalk_raw = aes.encrypted(key, key[:16], _GARBAGE[:191], 32)
        lark_raw = aes.encrypted(lark_key, IV, _GARBAGE[:175], 16)
    else:
        # A whole block of padding more, cut off: what is left ends as the text does.
        dingtalk_raw = aes.encrypted(key, key[:16], _GARBAGE[:192], 32)[:192]
        lark_raw = aes.encrypted(lark_key, IV, _GARBAGE[:176], 16)[:176]
    return base64.b64encode(dingtalk_raw).decode(), base64.b64encode(IV + lark_raw).decode()


def _measured(one: Call, other: Call) -> tuple[list[int], list[int]]:
    """Return the nanoseconds of each, in turns."""
    receiver = hostile.function(hostile.FakeBus(), act.Memory())
    samples: tuple[list[int], list[int]] = ([], [])
    chance = random.Random(1)
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in range(PAIRS):
            for which in chance.sample((0, 1), 2):
                began = time.perf_counter_ns()
                receiver.answer((one, other)[which])
                samples[which].append(time.perf_counter_ns() - began)
    return samples


def _area(one: list[int], other: list[int]) -> float:
    """Return how likely a sample of the other is greater than one of the first, ties as half."""
    ranked = sorted(one)
    below = sum(bisect_left(ranked, x) + bisect_right(ranked, x) for x in other) / 2
    return below / (len(one) * len(other))
