"""The framework by itself: a body that is read and thrown away in, always the same body of so many bytes out.

python -m benchmarks.service.bare PORT BYTES
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(size: int) -> Starlette:
    body = b"x" * size

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/assess", answer, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(application(int(sys.argv[2])), port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False)
