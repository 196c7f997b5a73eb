"""A grant as one SELECT: the granted fields and rows of a resource at one snapshot, masked.

Fields are the contract's, chosen by name: no text of a request or a grant enters SQL but as a quoted literal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contracts.errors import ConfigurationError
from contracts.model import Field, Resource
from contracts.quoting import ident, literal
from contracts.types import lake_type
from sharing.delivery.grants import IN_FORCE, STATES, Grant
from sharing.delivery.masks import PSEUDONYM, WITHHELD, mask_of, masked_sql
from sharing.delivery.pseudonym import key_id, keyed, requester_key
from sharing.delivery.work import Work
from sharing.fill import division_field
from sharing.ledger.events import canonical
from sharing.loads import Load
from warehouse.lake import LAKE

REQUEST_COLUMN = "_request_id"
# what deliveries look like; another number makes all of them anew
_FORM = 1
_SCOPE = re.compile(r"[0-9]{2,12}")


@dataclass(frozen=True)
class Column:
    """A delivered column: the contract's field, its mask, its SQL, and whether it is text once masked."""

    field: Field
    mask: str | None
    sql: str

    @property
    def is_text(self) -> bool:
        return lake_type(self.field) == "VARCHAR" or self.mask == PSEUDONYM


@dataclass(frozen=True)
class Projection:
    """What a delivery holds; `id` follows from all that decides its content but the rows themselves."""

    grant: Grant
    resource: Resource
    load: Load
    columns: tuple[Column, ...]
    digest: str
    key: bytes | None
    division: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The delivered columns in their order; the request's id comes first."""
        return (REQUEST_COLUMN, *(c.field.name for c in self.columns))

    @property
    def given(self) -> list[str]:
        """The fields that really reach the requester, sorted: a withheld one does not."""
        return sorted(c.field.name for c in self.columns if c.mask != WITHHELD)

    @property
    def masks(self) -> list[str]:
        """`field: mask` of every masked field, in the order of the columns."""
        return [f"{c.field.name}: {c.mask}" for c in self.columns if c.mask]

    @property
    def id(self) -> str:
        told = (
            _FORM, self.grant.request_id, self.resource.id, self.load.snapshot, self.sql(), key_id(self.key) if self.key else "",
            str(self.grant.valid_to),
        )  # fmt: skip
        return hashlib.sha256(canonical(told).encode()).hexdigest()

    def sql(
        self, text: Callable[[str], str] | None = None, *, first: str = REQUEST_COLUMN, ordered: bool = True
    ) -> str:
        """The SELECT; `text` is applied to the SQL of each text, `first` names the request's column.

        Rows are ordered by what is delivered and by nothing else: the order of the lake would tell the rank of masked and ungranted values.
        """

        def shown(sql: str) -> str:
            return text(sql) if text else sql

        columns = [f"{shown(literal(self.grant.request_id))} AS {ident(first)}"]
        columns += [f"{shown(c.sql) if c.is_text else c.sql} AS {ident(c.field.name)}" for c in self.columns]
        table = ident(LAKE, self.resource.department, self.resource.name)
        scope = f" WHERE starts_with({ident(self.division)}, {literal(self.grant.row_scope)})" if self.division else ""
        source = f"FROM {table} AT (VERSION => {self.load.snapshot}){scope}"
        order = " ORDER BY ALL" if ordered else ""
        return f"SELECT {', '.join(columns)} {source}{order}"

    @contextmanager
    def keyed(self, work: Work) -> Iterator[None]:
        """The SELECT can make its pseudonyms until the end."""
        with keyed(work.connection, self.key, self.digest):
            yield


def project(work: Work, grant: Grant, *, may_key: bool = True) -> Projection:
    """The projection of a line at the snapshot of its resource's last load.

    Raises ConfigurationError where the grant is not in force, or names fields, rows or a requester that cannot be delivered, or a pseudonym is
    needed and there is no secret; HistoryUnavailable where the resource was never loaded. Without `may_key` a pseudonym is withheld.
    """
    where = f"line {grant.line_id}"
    if grant.state != IN_FORCE:
        raise ConfigurationError(STATES[grant.state], where=where, remedy="only a grant in force is delivered")
    if grant.requester not in work.city.departments:
        raise ConfigurationError(
            "the requester is no department of the city", where=where, remedy="see departments.yaml"
        )
    resource = work.city.resource(grant.resource)
    fields = _fields(resource, grant, where)
    load = work.load(resource)
    _check_table(work, resource, load, fields)
    division = _division(resource, grant, where)
    columns = []
    for field in fields:
        mask = mask_of(field, grant.unmasked, work.pseudonyms(grant))
        mask = WITHHELD if mask == PSEUDONYM and not may_key else mask
        columns.append(Column(field, mask, masked_sql(field, mask, resource.id, work.ways.digest)))
    needs_key = any(c.mask == PSEUDONYM for c in columns)
    key = requester_key(work.settings.source_environment, grant.requester) if needs_key else None
    return Projection(grant, resource, load, tuple(columns), work.ways.digest, key, division)


def _fields(resource: Resource, grant: Grant, where: str) -> list[Field]:
    known = {f.name for f in resource.fields}
    # what is not in the contract came from outside: it is counted, not repeated
    unknown = [name for name in grant.fields if name not in known]
    if unknown:
        named = ", ".join(name for name in unknown if name.isidentifier() and len(name) <= 64)
        raise ConfigurationError(
            f"{len(unknown)} granted fields are not in the contract{f': {named}' if named else ''}",
            where=f"{where}, {resource.id}",
            remedy="grant anew the fields the contract has now, or give the field its name back",
        )
    fields = [f for f in resource.fields if f.name in grant.fields]
    if not fields:
        raise ConfigurationError("the grant names no field", where=where, remedy="grant at least one field")
    return fields


def _check_table(work: Work, resource: Resource, load: Load, fields: list[Field]) -> None:
    table = ident(LAKE, resource.department, resource.name)
    described = work.connection.execute(f"DESCRIBE SELECT * FROM {table} AT (VERSION => {load.snapshot})").fetchall()
    present = {row[0] for row in described}
    missing = [f.name for f in fields if f.name not in present]
    if missing:
        raise ConfigurationError(
            f"the lake does not have {', '.join(missing)} yet", where=resource.id, remedy=f"landbridge run {resource.id}"
        )  # fmt: skip


def _division(resource: Resource, grant: Grant, where: str) -> str | None:
    """The column that tells the rows of the scope; None where all rows are granted."""
    if not grant.row_scope:
        return None
    division = division_field(resource)
    if division is None:
        raise ConfigurationError(
            "rows of a division are granted, but the resource has no division field",
            where=f"{where}, {resource.id}",
            remedy="give one field semanticType division_code, or grant all rows",
        )
    if not _SCOPE.fullmatch(grant.row_scope):
        raise ConfigurationError(
            "the granted rows name no division", where=where, remedy="a code of GB/T 2260, such as 370211"
        )
    return division.name
