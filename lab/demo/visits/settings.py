"""What the application takes from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOG_LEVELS = ("critical", "error", "warning", "info", "debug", "trace")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one process, read from the environment of its pod.

    pool_size: connections that the whole pod may hold (DATABASE_POOL_SIZE); its workers share them.
    workers: processes that serve (WEB_CONCURRENCY).
    """

    database: str
    pool_size: int
    workers: int
    log_level: str
    version: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings that an environment holds; ValueError names the variable that is wrong."""
        level = environment.get("LOG_LEVEL", "info").lower()
        if level not in LOG_LEVELS:
            raise ValueError(f"LOG_LEVEL={level}: has to be one of {', '.join(LOG_LEVELS)}")
        return cls(
            database=environment.get("DATABASE_URL", ""),
            pool_size=_positive(environment, "DATABASE_POOL_SIZE", "5"),
            workers=_positive(environment, "WEB_CONCURRENCY", "4"),
            log_level=level,
            version=environment.get("APP_VERSION", "unknown"),
        )

    @property
    def pool_size_per_worker(self) -> int:
        """Connections of one worker: at least one, else it could not serve."""
        return max(1, self.pool_size // self.workers)

    def connection(self) -> tuple[URL, dict[str, Any]]:
        """The database's URL for SQLAlchemy, and the driver's own arguments.

        DATABASE_URL is one as libpq has it, so `sslmode` in it becomes asyncpg's `ssl`.
        """
        rule = "has to be postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        if not self.database:
            raise ValueError(f"DATABASE_URL is not set: it {rule}")
        try:
            url = make_url(self.database)
        except (ArgumentError, ValueError):
            # Not chained: the library's message quotes the URL, and the password in it.
            raise ValueError(f"DATABASE_URL {rule}") from None
        if url.get_backend_name() not in {"postgresql", "postgres"}:
            raise ValueError(f"DATABASE_URL names {url.get_backend_name()}: it {rule}")
        mode = url.query.get("sslmode")
        url = url.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode"])
        return url, {"ssl": mode} if mode else {}


def _positive(environment: Mapping[str, str], name: str, default: str) -> int:
    text = environment.get(name, default)
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name}={text}: has to be a whole number above 0")
    return int(text)
