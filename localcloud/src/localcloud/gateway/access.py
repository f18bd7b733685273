"""Who calls, and whether they may."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from localcloud.api import Action, ApiCall, Caller, Service
from localcloud.environment import Clock
from localcloud.errors import ApiError, NoPermissionError
from localcloud.gateway import signature
from localcloud.gateway.nonces import Nonces
from localcloud.gateway.request import Request
from localcloud.gateway.signature import Scheme, Signed

CLOCK_SKEW_SECONDS = 15 * 60
"""How far a signature's time may be off ("InvalidTimeStamp.Expired")."""


class Authentication:
    """Checks signatures.

    Args:
        holder: returns the secret of an access key (id and security token) and who holds it.
        clock: the cloud's time.
        nonces: the nonces that were used.
        region: the cloud's region, for signatures that are good in one only.
    """

    def __init__(
        self,
        holder: Callable[[str, str], tuple[str, Caller]],
        clock: Clock,
        nonces: Nonces,
        region: str,
    ) -> None:
        self._region = region
        self._holder = holder
        self._clock = clock
        self._nonces = nonces

    def identify(self, request: Request, accepted: Collection[Scheme]) -> tuple[Signed, Caller]:
        """Return what a request says about its signature, and who made it.

        Raises:
            ApiError: if it is not signed in an accepted way, or its signature is wrong, too old
                or used.
        """
        signed = signature.read(request, accepted)
        now = self._clock.now()
        secret, caller = self._holder(signed.access_key_id, signed.security_token)
        if not signed.is_signed_with(secret):
            raise ApiError(
                "SignatureDoesNotMatch",
                "the signature is not the one that this access key's secret gives; "
                "check the secret",
            )
        if signed.region not in {"", self._region}:
            raise ApiError(
                "SignatureDoesNotMatch",
                f"the signature is for the region {signed.region}; this one is {self._region}",
            )
        if signed.time is None:
            raise ApiError("InvalidTimeStamp.Format", "the request does not say when it was signed")
        if abs(now - signed.time) > CLOCK_SKEW_SECONDS:
            raise ApiError(
                "InvalidTimeStamp.Expired",
                f"the request was signed {now - signed.time:.0f} s away from the cloud's time; "
                f"at most {CLOCK_SKEW_SECONDS} s are accepted, check the clock",
            )
        if signed.nonce and not self._nonces.take(signed.access_key_id, signed.nonce, now):
            raise ApiError("SignatureNonceUsed", "the signature's nonce was used already")
        return signed, caller


class Allows(Protocol):
    """Evaluates a caller's policies."""

    def __call__(
        self,
        caller: Caller,
        action: str,
        resource: str,
        *,
        source_ip: str,
        tags: Mapping[str, str],
    ) -> bool:
        """Return whether the caller may do the action on the resource."""


class Authorization:
    """Checks permissions.

    Args:
        allows: evaluates a caller's policies.
        resource_tags: returns the tags of a resource (ARN), for conditions on them.
    """

    def __init__(self, allows: Allows, resource_tags: Callable[[str], Mapping[str, str]]) -> None:
        self._allows = allows
        self._resource_tags = resource_tags

    def require(self, action: Action[Service], service: Service, call: ApiCall) -> None:
        """Fail unless the caller may do an action on everything that the call is about.

        Raises:
            NoPermissionError: with the first resource that is denied.
        """
        if not action.permission or call.caller.policies is None:
            return
        for resource in action.resources(service, call) if action.resources else ["*"]:
            tags = self._resource_tags(resource)
            for permission in (action.permission, *action.also):
                if not self._allows(
                    call.caller, permission, resource, source_ip=call.source_ip, tags=tags
                ):
                    raise NoPermissionError(permission, resource, call.caller.arn)
