"""Where GetFunctionCode's URL leads to: an archive by its digest, which nobody can guess."""

from typing import TYPE_CHECKING

from localcloud.errors import ApiError
from localcloud.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

PATH = "/fc-code/"


async def handle(cloud: "Cloud", request: HttpRequest) -> HttpResponse:
    """Return the archive that the path names; the real cloud's URL is one of its object storage."""
    try:
        content = await cloud.fc.registry.archive(request.path.removeprefix(PATH))
    except ApiError as failure:
        return HttpResponse(404, failure.message.encode(), {"content-type": "text/plain"})
    return HttpResponse(200, content, {"content-type": "application/zip"})
