"""The web application: visits are counted at `/`; the other paths are for its cluster's probes."""

import logging
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from visits.database import answers, count_visit, engine
from visits.settings import Settings

log = logging.getLogger("uvicorn.error")
SETTINGS = Settings.read(os.environ)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.database = engine(SETTINGS)
    yield
    await app.state.database.dispose()


async def alive(_request: Request) -> JSONResponse:
    """That this process serves. It asks nobody: a database's fault is not cured by a restart."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """That a visit could be counted now."""
    await answers(request.app.state.database)
    return JSONResponse({"status": "ready"})


async def visit(request: Request) -> JSONResponse:
    """The number of this visit, and who counted it."""
    number = await count_visit(request.app.state.database)
    return JSONResponse(
        {"visits": number, "pod": socket.gethostname(), "version": SETTINGS.version}
    )


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.warning("database: %s", str(error).partition("\n")[0] or type(error).__name__)
    return JSONResponse({"status": "database unavailable"}, status_code=503)


app = Starlette(
    routes=[
        Route("/", visit),
        Route("/health", alive),
        Route("/live", alive),
        Route("/ready", ready),
    ],
    # A refused connection is the system's error, one that timed out is the pool's or the driver's.
    exception_handlers={SQLAlchemyError: _unavailable, OSError: _unavailable},
    lifespan=_lifespan,
)
