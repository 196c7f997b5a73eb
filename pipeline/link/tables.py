"""Tables of the step `link`, made where they are missing: comparable rows, scored pairs, aliases, models, judgements, and what was last read."""

from __future__ import annotations

import duckdb

from contracts.quoting import ident, literal
from transforms.link.rules import LinkRules
from warehouse.lake import LAKE, tables_of

SCHEMA = "unified"
JUDGEMENT = ident(LAKE, SCHEMA, "judgement")
MODEL = ident(LAKE, SCHEMA, "link_model")
FREQUENCY = ident(LAKE, SCHEMA, "link_frequency")
STATE = ident(LAKE, "ops", "link_state")

_COMMON: dict[tuple[str, str], tuple[str, dict[str, tuple[str, str]]]] = {
    (SCHEMA, "judgement"): (
        "归并判定 who says that two records are one entity or are not; stored facts, revoked and never deleted",
        {
            "judgement_id": ("VARCHAR", "判定编号 id of the judgement"),
            "entity": ("VARCHAR", "实体类型 kind of entity"),
            "left_id": ("VARCHAR", "左标识 own id of one side, the smaller"),
            "right_id": ("VARCHAR", "右标识 own id of the other side"),
            "decision": ("VARCHAR", "判定 same or different"),
            "author": ("VARCHAR", "判定人 who decided"),
            "decided_at": ("TIMESTAMP WITH TIME ZONE", "判定时间 when"),
            "note": ("VARCHAR", "说明 why"),
            "revoked_at": ("TIMESTAMP WITH TIME ZONE", "撤销时间 when it was undone; NULL while in force"),
            "revoked_by": ("VARCHAR", "撤销人 who undid it"),
        },
    ),
    (SCHEMA, "link_model"): (
        "比对模型 how much each agreement weighs, as trained on the city's own records; the newest of an entity is in force",
        {
            "entity": ("VARCHAR", "实体类型 kind of entity"),
            "model_id": ("VARCHAR", "模型编号 md5 of the model's content"),
            "compared": ("VARCHAR", "比对项 attributes and kinds it was trained for, as JSON"),
            "settings": ("VARCHAR", "参数 Splink's trained settings, as JSON: no value of a record"),
            "trained_at": ("TIMESTAMP WITH TIME ZONE", "训练时间 time of the snapshot it was trained on"),
            "snapshot": ("BIGINT", "快照 the lake's snapshot it was trained on"),
            "rows": ("BIGINT", "行数 comparable rows it was trained on"),
        },
    ),
    (SCHEMA, "link_frequency"): (
        "词频 how frequent a value is among the rows a model was trained on; only values that five or more share, and the average of all others",
        {
            "model_id": ("VARCHAR", "模型编号 the model"),
            "column_name": ("VARCHAR", "比对列 the comparable column"),
            "value": ("VARCHAR", "值 the value; NULL for all others"),
            "frequency": ("DOUBLE", "频率 share of rows that hold it"),
        },
    ),
    ("ops", "link_state"): (
        "归并进度 what the links of an entity were last made from",
        {
            "entity": ("VARCHAR", "实体类型 kind of entity"),
            "snapshot": ("BIGINT", "快照 snapshot up to which its records are read"),
            "scoring": ("VARCHAR", "打分依据 fingerprint of the model and of the pairs looked at"),
            "deciding": ("VARCHAR", "判定依据 fingerprint of judgements and thresholds"),
        },
    ),
}


def comparable_table(rules: LinkRules) -> str:
    return ident(LAKE, SCHEMA, f"{rules.entity}_comparable")


def pair_table(rules: LinkRules) -> str:
    return ident(LAKE, SCHEMA, f"{rules.entity}_pair")


def alias_table(rules: LinkRules) -> str:
    return ident(LAKE, SCHEMA, f"{rules.entity}_alias")


def record_table(rules: LinkRules) -> str:
    return ident(LAKE, SCHEMA, f"{rules.entity}_record")


def ensure_common(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that all entities share; inside the caller's transaction."""
    present = tables_of(connection)
    for (schema, table), (comment, columns) in _COMMON.items():
        if (schema, table) not in present:
            _make(connection, schema, table, comment, columns)


def ensure_entity(connection: duckdb.DuckDBPyConnection, rules: LinkRules) -> None:
    """Make the entity's own tables; the comparable rows are made anew where other attributes are compared than before."""
    ensure_common(connection)
    present = tables_of(connection)
    pair = {
        "left_id": ("VARCHAR", "左标识 own id of one side: the one without identifier, otherwise the smaller"),
        "right_id": ("VARCHAR", "右标识 own id of the other side"),
        "weight": ("DOUBLE", "权重 evidence that both are one, in bits"),
        "probability": ("DOUBLE", "概率 probability that both are one"),
        "other_name": ("BOOLEAN", "异名 names are stated and differ in more than a slip: never joined by weight alone"),
        "levels": ("VARCHAR", "符合程度 how far each attribute agrees"),
    }
    alias = {
        "own_id": ("VARCHAR", "自身标识 id of records by themselves"),
        "entity_id": ("VARCHAR", "实体标识 the entity they are part of"),
        "how": ("VARCHAR", "依据 linked (by weight) or judged (by a person)"),
        "weight": ("DOUBLE", "权重 weight of the link in bits; NULL where judged"),
    }
    comparable = {
        "own_id": ("VARCHAR", "自身标识 own id"),
        "identified": ("BOOLEAN", "有无标识 whether it has an identifier"),
    }
    comparable |= {column: ("VARCHAR", f"比对值 comparable form of {column}") for column in rules.columns}
    for suffix, comment, columns in (
        ("pair", "候选对 pairs of records whose probability of being one entity reaches the review band", pair),
        ("alias", "归并结果 own ids that are part of another entity", alias),
        ("comparable", "比对表 best values of each own id, made comparable", comparable),
    ):
        table = f"{rules.entity}_{suffix}"
        if (SCHEMA, table) not in present:
            _make(connection, SCHEMA, table, comment, columns)
        elif suffix == "comparable":
            stated = [row[0] for row in connection.execute(f"DESCRIBE {ident(LAKE, SCHEMA, table)}").fetchall()]
            if stated != list(columns):
                connection.execute(f"DROP TABLE {ident(LAKE, SCHEMA, table)}")
                _make(connection, SCHEMA, table, comment, columns)


def _make(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, comment: str, columns: dict[str, tuple[str, str]]
) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, schema)}")
    name = ident(LAKE, schema, table)
    connection.execute(f"CREATE TABLE {name} ({', '.join(f'{ident(c)} {type}' for c, (type, _) in columns.items())})")
    connection.execute(f"COMMENT ON TABLE {name} IS {literal(comment)}")
    for column, (_, text) in columns.items():
        connection.execute(f"COMMENT ON COLUMN {name}.{ident(column)} IS {literal(text)}")
