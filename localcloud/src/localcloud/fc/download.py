"""Where GetFunctionCode's URL leads to: an archive by its digest, which nobody can guess."""

from localcloud.errors import ApiError
from localcloud.fc.service import FunctionCompute
from localcloud.http import HttpRequest, HttpResponse

PATH = "/fc-code/"


async def handle(fc: FunctionCompute, request: HttpRequest) -> HttpResponse:
    """Return the archive that the path names; the real cloud's URL is one of its object storage."""
    try:
        content = await fc.registry.archive(request.path.removeprefix(PATH))
    except ApiError as failure:
        return HttpResponse(404, failure.message.encode(), {"content-type": "text/plain"})
    return HttpResponse(200, content, {"content-type": "application/zip"})
