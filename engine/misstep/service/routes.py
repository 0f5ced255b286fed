"""Rules and settings in; the application out, as ASGI.

It is Starlette without anything on top: the shapes of what comes in and goes out are known to the library already, which checks
a record in a quarter of the time that a second model would take. The description of it is put together in openapi.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from misstep.service.assessing import Assess, Assessor
from misstep.service.certainty_route import PATH as CERTAINTY
from misstep.service.certainty_route import FindCertainty
from misstep.service.front import Front
from misstep.service.metrics import Metrics
from misstep.service.problems import of_http
from misstep.service.reload import reloading
from misstep.service.rule_routes import reading_routes
from misstep.service.served import Rules
from misstep.service.settings import Settings
from misstep.service.streaming import PATH, AssessBatch


def create_app(rules: Rules, settings: Settings, metrics: Metrics, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The service. ``pages`` are further routes; what they show they find in ``request.app.state.rules.current``."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with reloading(rules, settings, metrics):
            yield

    app = _Application(
        routes=[*routes(rules, settings, metrics), *pages],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.rules = rules
    return Front(app, settings, metrics)


def routes(rules: Rules, settings: Settings, metrics: Metrics) -> list[BaseRoute]:
    """All routes, those that are asked for most first."""
    assessor = Assessor(metrics)
    return [
        Route("/assess", Assess(rules, assessor), methods=["POST"]),
        Route(PATH, AssessBatch(rules, assessor, settings), methods=["POST"]),
        Route(CERTAINTY, FindCertainty(rules), methods=["POST"]),
        *reading_routes(rules, metrics),
    ]


class _Application(Starlette):
    """Starlette, but exceptions that nobody foresaw are left to front.py, which knows what may be said of them."""

    def build_middleware_stack(self) -> ASGIApp:
        return ExceptionMiddleware(self.router, self.exception_handlers)


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return of_http(error)
