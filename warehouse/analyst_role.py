"""The right to read the lake and no more, where its catalogue is a PostgreSQL: SQL for the role that analysts log in with."""

from __future__ import annotations

import re

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def analyst_role_sql(role: str, schema: str = "public") -> str:
    """SQL to be run once, as the role that the platform writes with and that owns the catalogue; running it again changes nothing.

    The role may read every table of the catalogue, those made later included, and write none. It gets no password here. Raises ConfigurationError for
    a name that is no plain one.
    """
    for name in (role, schema):
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is no name for a role or schema", remedy="lower snake case, such as analyst"
            )
    who, where = ident(role), ident(schema)
    return f"""-- analysts read the lake's catalogue and write nothing; run this as the role that the platform writes with
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role)}) THEN CREATE ROLE {who} LOGIN; END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO {who}', current_database());
END $$;
REVOKE CREATE ON SCHEMA {where} FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA {where} FROM {who};
GRANT USAGE ON SCHEMA {where} TO {who};
GRANT SELECT ON ALL TABLES IN SCHEMA {where} TO {who};
-- the lake adds tables to its catalogue as it grows
ALTER DEFAULT PRIVILEGES IN SCHEMA {where} GRANT SELECT ON TABLES TO {who};
-- whatever the program, a transaction of this role writes nothing
ALTER ROLE {who} SET default_transaction_read_only = on;
-- its password is yours to set: \\password {role}
"""
