"""Pushes that were tampered with, as many as wanted: none may be taken for the platform's.

By hand, for a long run::

    python -m tests.unit.functions.receive_approval.mutations --count 1000000
"""

import argparse
import base64
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from functions.receive_approval import dingtalk_push, lark_push
from functions.receive_approval.http_call import Call
from functions.receive_approval.push import Refused
from tests.unit.functions.receive_approval import pushes

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


def mutated(chance: random.Random) -> tuple[str, Call]:
    """Return what was done to a push, and the push."""
    is_lark = chance.random() < 0.5
    make = pushes.lark if is_lark else pushes.dingtalk
    payload = pushes.APPROVED if is_lark else pushes.FINISHED
    call = make(payload)
    changes: dict[str, Callable[[random.Random, Call], Call]] = {
        "bit of the body": _body_bit,
        "character of the ciphertext": _ciphertext_character,
        "block of the ciphertext": _ciphertext_block,
        "cut": _cut,
        "signature": _signature,
        "time or nonce": _time,
        "parameter left out": _left_out,
        "other key": _other_key,
        "garbage that nobody signed": _garbage,
    }
    name = chance.choice(list(changes))
    return name, changes[name](chance, call)


def accepted(call: Call) -> bool:
    """Return whether a call was taken for more than junk."""
    if call.path == f"/{pushes.LARK.name}":
        opened, _ = lark_push.open_push(call, pushes.LARK, pushes.NOW)
    else:
        opened, _ = dingtalk_push.open_push(call, pushes.DINGTALK, pushes.NOW, pushes.CHANCE)
    return not isinstance(opened, Refused)


def _body_bit(chance: random.Random, call: Call) -> Call:
    body = bytearray(call.body)
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return call._replace(body=bytes(body))


def _ciphertext_character(chance: random.Random, call: Call) -> Call:
    sealed = json.loads(call.body)["encrypt"]
    at = chance.randrange(len(sealed))
    other = chance.choice([c for c in _ALPHABET if c != sealed[at]])
    return _with(call, sealed[:at] + other + sealed[at + 1 :])


def _ciphertext_block(chance: random.Random, call: Call) -> Call:
    raw = base64.b64decode(json.loads(call.body)["encrypt"])
    blocks = [raw[i : i + 16] for i in range(0, len(raw), 16)]
    match chance.randrange(3):
        case 0:
            chance.shuffle(blocks)
            if b"".join(blocks) == raw:
                blocks.reverse()
        case 1:
            blocks.append(chance.randbytes(16))
        case _:
            del blocks[chance.randrange(len(blocks))]
    return _with(call, base64.b64encode(b"".join(blocks)).decode())


def _cut(chance: random.Random, call: Call) -> Call:
    return call._replace(body=call.body[: chance.randrange(len(call.body))])


def _signature(chance: random.Random, call: Call) -> Call:
    fake = chance.randbytes(20 if call.query else 32).hex()[: chance.choice([0, 1, 40, 64])]
    return _signed(call, fake)


def _time(chance: random.Random, call: Call) -> Call:
    stamp = str(chance.choice([0, -1, 10**17, chance.randrange(10**13), "now", "\uff11\uff17"]))
    if call.query:
        name = chance.choice(["timestamp", "nonce"])
        return call._replace(query={**call.query, name: stamp})
    name = chance.choice(["x-lark-request-timestamp", "x-lark-request-nonce"])
    return call._replace(headers={**call.headers, name: stamp})


def _left_out(chance: random.Random, call: Call) -> Call:
    if call.query:
        name = chance.choice(list(call.query))
        return call._replace(query={k: v for k, v in call.query.items() if k != name})
    name = chance.choice([n for n in call.headers if n.startswith("x-lark")])
    return call._replace(headers={k: v for k, v in call.headers.items() if k != name})


def _other_key(chance: random.Random, call: Call) -> Call:
    if call.query:
        return pushes.dingtalk(pushes.FINISHED, token=chance.randbytes(8).hex())
    return pushes.lark(pushes.APPROVED, key=chance.randbytes(8).hex())


def _garbage(chance: random.Random, call: Call) -> Call:
    sealed = base64.b64encode(chance.randbytes(16 * chance.randrange(1, 12))).decode()
    return _with(call, sealed)


def _with(call: Call, sealed: str) -> Call:
    return call._replace(body=json.dumps({"encrypt": sealed}).encode())


def _signed(call: Call, signature: str) -> Call:
    if call.query:
        return call._replace(query={**call.query, "signature": signature})
    return call._replace(headers={**call.headers, "x-lark-signature": signature})


def run(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how many pushes of each kind were tried, and what was done to those accepted."""
    chance = random.Random(seed)
    tried: Counter[str] = Counter()
    taken = []
    for _ in range(count):
        name, call = mutated(chance)
        tried[name] += 1
        if accepted(call):
            taken.append(f"{name}: {call}")
    return tried, taken


def main() -> int:
    """Try as many as the command line says; return 0 only if none was accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    tried, taken = run(asked.count, asked.seed)
    for name, number in tried.most_common():
        sys.stdout.write(f"{number:>9}  {name}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{tried.total()} pushes in {seconds:.0f} s, {len(taken)} accepted\n")
    for one in taken[:10]:
        sys.stdout.write(f"{one}\n")
    return 1 if taken else 0


if __name__ == "__main__":
    sys.exit(main())
