"""The chat platforms' doors: which request is for which of them.

They are reached under their own host names (``oapi.dingtalk.localcloud.invalid``,
``open.lark.localcloud.invalid``), and for a person with curl by the same paths on 127.0.0.1.
"""

from typing import TYPE_CHECKING

from localcloud import strict_json
from localcloud.chats import dingtalk, lark
from localcloud.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

HOSTS = ("oapi.dingtalk", "open.lark")
"""The host names without their suffix."""
PATHS = ("/robot/send", lark.PATH)
"""The paths, whatever the host."""


async def handle(cloud: "Cloud", request: HttpRequest) -> HttpResponse:
    """Return a message to the platform that its path names."""
    if request.path == "/robot/send":
        return await dingtalk.receive(cloud.chats, request)
    if request.path.startswith(lark.PATH):
        return await lark.receive(cloud.chats, request)
    message = f"no chat platform answers '{request.path}'; there are {' and '.join(PATHS)}<id>"
    body = strict_json.write({"code": 404, "msg": message}).encode()
    return HttpResponse(404, body, {"content-type": "application/json"})
