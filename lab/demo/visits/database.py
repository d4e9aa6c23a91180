"""The application's database: a pool that outlives a restart of the server, and its one counter."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from visits.settings import Settings

# A request hears of a database that hangs; it does not hang with it.
CONNECT_SECONDS = 2
STATEMENT_SECONDS = 2


def engine(settings: Settings) -> AsyncEngine:
    """The pool of one worker. Nothing is dialled before the first use."""
    url, arguments = settings.connection()
    return create_async_engine(
        url,
        pool_size=settings.pool_size_per_worker,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # A connection that died with the server is found before it is lent.
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            **arguments,
        },
    )


async def answers(database: AsyncEngine) -> None:
    """Return if the database answers; raise what is wrong with it if not."""
    async with database.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def count_visit(database: AsyncEngine) -> int:
    """Add one visit, and return which it was. No two calls of any pods get the same number."""
    async with database.begin() as connection:
        row = await connection.execute(
            text("UPDATE visits SET number = number + 1 RETURNING number")
        )
        return int(row.scalar_one())
