"""Takes what is posted to the chats' webhooks.

The platforms are reached under their own host names (``oapi.dingtalk.localcloud.invalid``,
``open.lark.localcloud.invalid``), and for a person with curl by the same paths on 127.0.0.1.
"""

from localcloud import strict_json
from localcloud.chats.platform import Platform, RefusedError
from localcloud.chats.platforms import PLATFORMS
from localcloud.chats.state import Chats
from localcloud.faults import Fault
from localcloud.http import HttpRequest, HttpResponse


async def receive(chats: Chats, request: HttpRequest) -> HttpResponse:
    """Hand a message to the platform that its path names."""
    for platform in PLATFORMS.values():
        is_prefix = platform.path.endswith("/")
        if request.path == platform.path or (is_prefix and request.path.startswith(platform.path)):
            return await _receive(chats, platform, request)
    known = " and ".join(platform.path for platform in PLATFORMS.values())
    message = f"no chat platform answers '{request.path}'; there are {known}<id>"
    body = strict_json.write({"code": 404, "msg": message}).encode()
    return HttpResponse(404, body, {"content-type": "application/json"})


async def _receive(chats: Chats, platform: Platform, request: HttpRequest) -> HttpResponse:
    """Take a message, or answer as the platform does when it does not."""
    try:
        platform.check_call(request)
        chat = chats.find(platform, platform.address(request.path, request.query))
        if chat is None:
            return platform.answer(platform.unknown_chat)
        fault = await chats.fault(chat)
        if fault is not None:
            return _failed_on_demand(platform, fault)
        message = platform.read(chat.settings, request, chats.now())
        if not await chats.accept(chat, message):
            return platform.answer(platform.too_many)
    except RefusedError as error:
        return platform.answer(error.code, error.message)
    return platform.answer(0)


def _failed_on_demand(platform: Platform, fault: Fault) -> HttpResponse:
    if len(fault.error) == 3 and fault.error.isdigit():
        return HttpResponse(int(fault.error), b"failed on demand", {"content-type": "text/plain"})
    is_code = fault.error.removeprefix("-").isdigit()
    return platform.answer(int(fault.error) if is_code else platform.too_many)
