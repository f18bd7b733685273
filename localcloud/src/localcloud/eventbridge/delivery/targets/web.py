"""``http``, ``https`` and ``acs.dingtalk``: posts the transformed body to a URL."""

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

from localcloud.environment import Clock
from localcloud.eventbridge.delivery.http_client import HttpClient, Reply
from localcloud.eventbridge.delivery.target import DeliveryError, DeliveryRequest


class HttpTarget:
    """Posts to any HTTP server; an answer of 2xx is success."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def __call__(self, request: DeliveryRequest) -> str:
        """Post the parameter ``Body`` to ``url``, with the token if one is set."""
        url = request.parameters.get("url") or request.parameters.get("URL") or request.endpoint
        token = request.parameters.get("Token")
        headers = {"x-eventbridge-signature-token": token} if token else {}
        return _judge(await self._client.post(url, request.required("Body").encode(), headers))


class DingTalkTarget:
    """Posts to a DingTalk robot and signs at the moment of sending."""

    def __init__(self, client: HttpClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def __call__(self, request: DeliveryRequest) -> str:
        """Post the parameter ``Body`` to ``URL``, signed with ``SecretKey`` if one is set."""
        url = request.parameters.get("URL") or request.endpoint
        secret = request.parameters.get("SecretKey")
        if secret:
            url = signed(url, secret, self._clock.now())
        # guess: DingTalk says "too many messages" and the like in the body of a 200, which
        # EventBridge is not known to read; so it is not read here either.
        return _judge(await self._client.post(url, request.required("Body").encode(), {}))


def signed(url: str, secret: str, seconds: float) -> str:
    """Add timestamp and signature to a robot's URL ("Custom robot security settings")."""
    timestamp = str(round(seconds * 1000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    signature = quote_plus(base64.b64encode(digest))
    return f"{url}{'&' if '?' in url else '?'}timestamp={timestamp}&sign={signature}"


def _judge(reply: Reply) -> str:
    if not 200 <= reply.status < 300:
        raise DeliveryError(str(reply.status), f"the target answered with HTTP {reply.status}")
    return f"HTTP {reply.status}"
