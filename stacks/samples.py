"""What in a stack file is only an example, and must not be deployed.

The stack files of this project name an account that nobody has, and as long as they do,
:mod:`stacks.account` refuses them. With an account of one's own every other example in them must
have gone as well: approvals posted from the addresses of a book would be let in, and everybody
else's would be dropped without a trace.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from stacks.remedies import Path, Problem, wrong_setting
from stacks.settings import Settings

ACCOUNTS = frozenset({"1000000000000001", "1000000000000002"})
"""The accounts that the stack files of the project name."""

# RFC 5737, RFC 3849 and RFC 9637: addresses that no machine has.
_ADDRESSES = [
    ip_network(block)
    for block in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    )
]
# RFC 2606 and RFC 6761: names that no machine has.
RESERVED_HOST = re.compile(
    r"(^|\.)(example(\.(com|net|org|cn))?|invalid|test|localhost)$", re.IGNORECASE
)
_INSTANCE = re.compile(r"i-bp1prod0bastion0.*")


def samples(settings: Settings) -> Iterator[Problem]:
    """Yield each example that a stack of a real account still holds."""
    for path, found, what, wanted in _found(settings):
        yield wrong_setting(path, f"'{found}' is {what}", wanted)


def _found(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    guarded: list[tuple[Path, tuple[str, ...]]] = [
        (("sources", name, "allowed_ips"), source.allowed_ips)
        for name, source in settings.sources.items()
    ]
    if settings.onboarding:
        guarded.append((("onboarding", "allowed_ips"), settings.onboarding.allowed_ips))
        endpoint = settings.onboarding.endpoint
        if RESERVED_HOST.search(urlsplit(endpoint).hostname or ""):
            what = "an example; nothing answers there (RFC 2606)"
            yield ("onboarding", "endpoint"), endpoint, what, "<URL>"
    for path, addresses in guarded:
        for index, address in enumerate(addresses):
            if _is_reserved(address):
                what = (
                    "an address of documentation that nobody posts from (RFC 5737, RFC 3849); "
                    "everybody else's approvals would be dropped without a trace"
                )
                yield (*path, index), address, what, "<address>"
    for name, group in settings.instances.items():
        for index, instance in enumerate(group.ids):
            if _INSTANCE.fullmatch(instance):
                what = "the instance of the example"
                yield ("instances", name, "ids", index), instance, what, "<i-...>"
    project = settings.log_project or ""
    if any(account in project for account in ACCOUNTS):
        what = "the log project of the example"
        wanted = f"{settings.prefix}-logs-{settings.account_id}"
        yield ("log_project",), project, what, wanted


def _is_reserved(address: str) -> bool:
    try:
        found = ip_network(address, strict=False)
    except ValueError:
        return False
    return any(
        found.version == block.version and found.subnet_of(block)  # type: ignore[arg-type]
        for block in _ADDRESSES
    )
