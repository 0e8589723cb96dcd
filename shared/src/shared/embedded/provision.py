"""Databases and roles of the services on a PostgreSQL that we administer."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.embedded.errors import EmbeddedServerError
from shared.embedded.passwords import SERVICES, ServerPasswords, database_name, role_names

# Any constant does, as long as every process takes the same one.
PROVISIONING_LOCK = 5_102_119


@dataclass(frozen=True)
class PostgresAdministration:
    """Gives each service a database that no other service can enter, and three roles that own no more than needed.

    With `resets_passwords` the roles of an earlier provisioning get the passwords given here.
    """

    admin_dsn: str
    passwords: ServerPasswords
    resets_passwords: bool = False

    async def provision(self) -> None:
        """Create what is missing; doing it twice, or from two processes at once, changes nothing."""
        try:
            await self._provision()
        except asyncpg.DiskFullError as error:
            message = "The disk of the databases is full: free some space and start again."
            raise EmbeddedServerError(message) from error

    async def _provision(self) -> None:
        connection = await self._connect(self.admin_dsn)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", PROVISIONING_LOCK)
            unfinished = await self._unfinished(connection)
            for service in SERVICES if self.resets_passwords else unfinished:
                await self._create_roles(connection, service)
            for service in unfinished:
                await self._create_database(connection, service)
            await asyncio.gather(*(self._close_to_strangers(service) for service in unfinished))
        finally:
            await connection.close()

    async def _connect(self, dsn: str) -> asyncpg.Connection:
        try:
            connection: asyncpg.Connection = await asyncpg.connect(dsn)
        except asyncpg.InvalidPasswordError as error:
            message = (
                "PostgreSQL refuses our password: the data folder and its secrets file do not belong together. "
                "Restore the file, or choose another folder with SCRIPTORIUM_DATA."
            )
            raise EmbeddedServerError(message) from error
        return connection

    async def _unfinished(self, connection: asyncpg.Connection) -> list[str]:
        """Grants are one transaction and the last step: a database that has its own is finished."""
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE datacl IS NOT NULL")
        finished = {row["datname"] for row in rows}
        return [service for service in SERVICES if database_name(service) not in finished]

    async def _create_roles(self, connection: asyncpg.Connection, service: str) -> None:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        for role in role_names(service):
            verb = "ALTER" if role in roles else "CREATE"
            password = self.passwords.postgres[role]
            await connection.execute(f"{verb} ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{password}'")

    async def _create_database(self, connection: asyncpg.Connection, service: str) -> None:
        databases = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        if database_name(service) not in databases:
            await connection.execute(f"CREATE DATABASE {database_name(service)} OWNER {service}_owner")

    async def _close_to_strangers(self, service: str) -> None:
        connection = await self._connect(dsn_for_database(self.admin_dsn, database_name(service)))
        try:
            await connection.execute(grants(service))
        finally:
            await connection.close()


def grants(service: str, database: str | None = None) -> str:
    """Return the statements that close a service's database, or a copy of it, to strangers.

    They are for a connection of the superuser to that database.
    """
    name = database or database_name(service)
    owner, app, relay = role_names(service)
    return f"""
        REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {name} TO {owner}, {app}, {relay};
        GRANT CREATE, USAGE ON SCHEMA public TO {owner};
        GRANT USAGE ON SCHEMA public TO {app}, {relay};
    """


def dsn_for_database(dsn: str, database: str) -> str:
    """Return the same address with another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


def dsn_for_account(dsn: str, role: str, password: str, database: str) -> str:
    """Return the address of `database` on the same server for another role."""
    parts = urlsplit(dsn)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{address}", path=f"/{database}"))
