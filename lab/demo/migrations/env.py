"""How alembic reaches the database: one transaction, and one migration at a time."""  # noqa: INP001

import asyncio
import logging.config
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from visits.settings import Settings

# Any number will do that nothing else in this database locks.
LOCK = 7_340_010_001


def migrate(connection: Connection) -> None:
    """Run what is missing. Pods that start together queue here; the later find nothing to do."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    """Connect, and migrate in one transaction: a migration that fails leaves nothing."""
    url, arguments = Settings.read(os.environ).connection()
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    async with engine.begin() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.config.config_file_name:
    logging.config.fileConfig(context.config.config_file_name, disable_existing_loggers=False)
asyncio.run(main())
