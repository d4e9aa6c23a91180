"""Serve on port 8000, in as many processes as the environment says, until SIGTERM."""

import os

import uvicorn

from visits.settings import Settings

# Within Kubernetes' default grace period of 30 seconds.
DRAIN_SECONDS = 20


def main() -> None:
    """Run until told to stop; requests that have begun are answered first."""
    try:
        settings = Settings.read(os.environ)
        settings.connection()
    except ValueError as error:
        raise SystemExit(str(error)) from None
    uvicorn.run(
        "visits.app:app",
        host="0.0.0.0",  # noqa: S104  a container's only address is its pod's
        port=int(os.environ.get("PORT", "8000")),
        workers=settings.workers,
        log_level=settings.log_level,
        access_log=settings.log_level in {"debug", "trace"},
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


if __name__ == "__main__":
    main()
