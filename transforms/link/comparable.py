"""`unified.<entity>_comparable`: one row an own id with its best values made comparable, which is all that linking looks at.

A person with a resident id counts as they are now: from the versions in force. A record without one counts as it last was, so that what
was joined stays joined when the record leaves its source.
"""

from __future__ import annotations

from contracts.quoting import ident, literal, literals
from transforms.link.addresses import head_sql, heads_sql, numbered_sql, numbers_sql, street_sql
from transforms.link.marks import code_sql, date_sql, gender_sql, phone_sql
from transforms.link.rules import Compared, LinkRules
from transforms.link.sounds import COMPOUND_SURNAMES, sound_sql
from transforms.link.text import half_width_sql, letters_sql, simplified_sql

SUCCESSORS = "link_successors"


def comparable_sql(rules: LinkRules, records: str, divisions: tuple[str, ...]) -> str:
    """SELECT of the comparable rows of all own ids in `records`, a relation with the columns of `unified.<entity>_record`.

    All versions of an own id must stand in `records`. Needs the tables SOUNDS (transforms.link.sounds) and SUCCESSORS (`code`, `successor`).
    """
    # one step a relation: an expression inside a condition would be computed anew at each place it stands
    parts = [
        f"best AS ({best_sql(rules, records)})", f"narrow AS (SELECT own_id, identified, {_narrow(rules)} FROM best)",
        f"simple AS (SELECT own_id, identified, {_simple(rules)} FROM narrow)",
        f"plain AS (SELECT own_id, identified, {_plain(rules)} FROM simple)",
    ]  # fmt: skip
    columns, joins = ["p.own_id", "p.identified"], []
    for n, a in enumerate(rules.compared):
        name = ident(a.name)
        if a.kind == "name":
            parts.append(
                f"sound_{n} AS ({sound_sql(f'(SELECT DISTINCT {name} AS name FROM plain WHERE {name} IS NOT NULL)')})"
            )
            joins.append(f"LEFT JOIN sound_{n} ON sound_{n}.name = p.{name}")
            columns += [
                f"p.{name}",
                f"sound_{n}.sound AS {ident(f'{a.name}_sound')}",
                f"{_key_sql(f'p.{name}', f'sound_{n}.sound')} AS {ident(f'{a.name}_key')}",
            ]
        elif a.kind == "address":
            parts.append(f"head_{n} AS ({heads_sql(f'(SELECT {name} AS address FROM plain)', divisions)})")
            joins.append(f"LEFT JOIN head_{n} ON head_{n}.head = {head_sql(f'p.{name}')}")
            whole = numbered_sql(f"(head_{n}.kept || substr(p.{name}, length(head_{n}.head) + 1))")
            street, numbers = street_sql(f"({whole})"), f"p.{ident(f'{a.name}_numbers')}"
            columns += [
                f"concat_ws(' ', {street}, {numbers}) AS {name}", f"{street} AS {ident(f'{a.name}_street')}", f"{numbers} AS {ident(f'{a.name}_numbers')}",
            ]  # fmt: skip
        elif a.kind == "division":
            joins.append(f"LEFT JOIN {SUCCESSORS} AS next_{n} ON next_{n}.code = p.{name}")
            columns.append(f"coalesce(next_{n}.successor, p.{name}) AS {name}")
        elif a.kind == "date":
            columns += [f"p.{name}", f"left(p.{name}, 4) AS {ident(f'{a.name}_year')}"]
        else:
            columns.append(f"p.{name}")
    ready = f"SELECT {', '.join(columns)} FROM plain AS p {' '.join(joins)}"
    emptied = ", ".join(f"nullif({ident(c)}, '') AS {ident(c)}" for c in rules.columns)
    return f"WITH {', '.join(parts)} SELECT own_id, identified, {emptied} FROM ({ready})"


def best_sql(rules: LinkRules, records: str) -> str:
    """SELECT `own_id`, `identified` and each compared attribute's best value: from the versions in force before others, by the declared
    priority of resources, the newest."""
    chosen = ", ".join(f"{_best(a)} AS {ident(a.name)}" for a in rules.compared)
    newest = "row_number() OVER (PARTITION BY own_id, record_id ORDER BY valid_to IS NULL DESC, valid_from DESC, from_snapshot DESC) = 1"
    return (
        f"SELECT own_id, bool_or(own_id <> record_id) AS identified, {chosen} "
        f"FROM (SELECT * FROM {records} WHERE own_id = record_id OR valid_to IS NULL QUALIFY {newest}) GROUP BY own_id"
    )


def _best(attribute: Compared) -> str:
    ranks = " ".join(f"WHEN {literal(id)} THEN {n}" for n, id in enumerate(attribute.resources))
    rank = f"CASE resource {ranks} ELSE {len(attribute.resources)} END" if ranks else "0"
    value = ident(attribute.name)
    order = f"row(valid_to IS NOT NULL, {rank}, -epoch_us(valid_from), CAST({value} AS VARCHAR), record_id)"
    return f"arg_min(CAST({value} AS VARCHAR), {order}) FILTER ({value} IS NOT NULL)"


def _narrow(rules: LinkRules) -> str:
    return ", ".join(f"{half_width_sql(ident(a.name))} AS {ident(a.name)}" for a in rules.compared)


def _simple(rules: LinkRules) -> str:
    columns = []
    for a in rules.compared:
        value = ident(a.name)
        columns.append(f"{simplified_sql(value)} AS {value}" if a.kind in ("name", "address", "text") else value)
    return ", ".join(columns)


def _plain(rules: LinkRules) -> str:
    columns = []
    for a in rules.compared:
        value = ident(a.name)
        columns.append(f"{_PLAIN[a.kind](value)} AS {value}")
        if a.kind == "address":
            columns.append(f"{numbers_sql(numbered_sql(value))} AS {ident(f'{a.name}_numbers')}")
    return ", ".join(columns)


def _key_sql(name: str, sound: str) -> str:
    """What a misspelt name still begins with: the surname's sound, or the first three letters where the name is no Chinese one."""
    compound = f"length({name}) > 2 AND left({name}, 2) IN ({literals(COMPOUND_SURNAMES)})"
    han = f"CASE WHEN {compound} THEN regexp_extract({sound}, '^[A-Z]+-[A-Z]+-') ELSE regexp_extract({sound}, '^[A-Z]+-') END"
    return f"CASE WHEN contains({sound}, '-') THEN {han} ELSE left({name}, 3) END"


_PLAIN = {
    "name": letters_sql, "text": letters_sql, "address": letters_sql, "date": date_sql, "phone": phone_sql,
    "division": code_sql, "code": code_sql, "gender": gender_sql,
}  # fmt: skip
