"""The HTTP service: records in; assessments out. ``misstep serve`` runs it (extra ``misstep[serve]``).

``app`` is the service with the shipped rules as an ASGI application, for any server (``uvicorn misstep.service:app``);
``ServiceApp(Settings(...))`` is the same with settings, also to mount in FastAPI or Starlette.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from misstep.errors import InstallationError
from misstep.service.config import Settings

if TYPE_CHECKING:
    from misstep.service.asgi import ServiceApp

    app: ServiceApp

__all__ = ["ServiceApp", "Settings", "app"]


def __getattr__(name: str) -> Any:
    """``app`` and ``ServiceApp`` are made when they are asked for: the client needs neither them nor their packages."""
    if name not in __all__:
        raise AttributeError(f"module 'misstep.service' has no attribute '{name}'")
    try:
        from misstep.service.asgi import ServiceApp
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise InstallationError(f"{package} is not installed: pip install 'misstep[serve]'") from None
    return _default_app() if name == "app" else ServiceApp


@cache
def _default_app() -> ServiceApp:
    from misstep.service.asgi import ServiceApp

    return ServiceApp()
