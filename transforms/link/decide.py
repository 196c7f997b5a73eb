"""From scored pairs and judgements to who is one entity: pure SQL over sets, the same whatever order the facts came in.

A *unit* is a set of own ids that judgements say are the same, or one own id. Its strongest member stands for it: one with an identifier before
others, then the smallest id. A unit without identifier joins at most one unit with identifiers: the heaviest, where it reaches the threshold and
outweighs the second by the margin. Those that join none are joined among themselves where pairs reach the threshold. Two units that a judgement
says are different are never brought together, neither directly nor by way of a third.
"""

from __future__ import annotations

from transforms.link.rules import LinkRules

NODES, PAIRS, SAME, DIFFERENT = "link_node", "link_pair", "link_same", "link_different"
MEMBERS, EDGES, JOINED, LOOSE, GROUPS = "link_member", "link_edge", "link_joined", "link_loose", "link_group"


def members_sql() -> str:
    """SELECT `own_id`, `unit`, `known`: each own id, its unit, and whether the unit has an identifier.

    NODES holds `own_id`, `identified`; SAME `own_id`, `component` of judged sets, whose ids need not be among the nodes any more.
    """
    return f"""
WITH one AS (
    SELECT coalesce(n.own_id, s.own_id) AS own_id, coalesce(n.identified, false) AS identified, coalesce(s.component, n.own_id, s.own_id) AS component
    FROM {NODES} AS n FULL JOIN {SAME} AS s ON s.own_id = n.own_id)
SELECT own_id, first_value(own_id) OVER (PARTITION BY component ORDER BY identified DESC, own_id) AS unit,
    bool_or(identified) OVER (PARTITION BY component) AS known FROM one"""


def edges_sql() -> str:
    """SELECT `left_unit`, `left_known`, `right_unit`, `right_known`, `weight`, `probability` of the heaviest pair between two units.

    Units with an identifier each, and units judged different, have no edge. The unit with identifier stands right, otherwise the greater id.
    """
    return f"""
WITH pair AS (
    SELECT a.unit AS a, a.known AS a_known, b.unit AS b, b.known AS b_known, p.weight, p.probability, p.other_name
    FROM {PAIRS} AS p JOIN {MEMBERS} AS a ON a.own_id = p.left_id JOIN {MEMBERS} AS b ON b.own_id = p.right_id
    WHERE a.unit <> b.unit AND NOT (a.known AND b.known)),
turned AS (
    SELECT CASE WHEN a_known OR (NOT b_known AND a > b) THEN b ELSE a END AS left_unit, CASE WHEN a_known OR (NOT b_known AND a > b) THEN a ELSE b END AS right_unit,
        a_known OR b_known AS right_known, weight, probability, other_name FROM pair)
SELECT left_unit, right_unit, right_known, max(weight) AS weight, max(probability) FILTER (NOT other_name) AS probability FROM turned
WHERE NOT EXISTS (FROM ({apart_sql()}) AS d WHERE d.a = least(left_unit, right_unit) AND d.b = greatest(left_unit, right_unit))
GROUP BY left_unit, right_unit, right_known"""


def apart_sql() -> str:
    """SELECT `a`, `b`, the units that a judgement says are different, the smaller id first."""
    return (
        f"SELECT DISTINCT least(a.unit, b.unit) AS a, greatest(a.unit, b.unit) AS b FROM {DIFFERENT} AS d "
        f"JOIN {MEMBERS} AS a ON a.own_id = d.left_id JOIN {MEMBERS} AS b ON b.own_id = d.right_id"
    )


def joined_sql(rules: LinkRules) -> str:
    """SELECT `unit`, `entity`, `weight` of the units without identifier that join one with identifiers.

    Where two that are judged different would join the same one, the lighter does not.
    """
    return f"""
WITH ranked AS (
    SELECT left_unit, right_unit, weight, probability,
        row_number() OVER w AS place, lead(weight) OVER w AS second FROM {EDGES} WHERE right_known
    WINDOW w AS (PARTITION BY left_unit ORDER BY weight DESC, right_unit)),
best AS (
    SELECT left_unit AS unit, right_unit AS entity, weight FROM ranked
    WHERE place = 1 AND probability >= {rules.threshold} AND (second IS NULL OR weight - second >= {rules.margin}))
SELECT unit, entity, weight FROM best AS x WHERE NOT EXISTS (
    FROM best AS y JOIN ({apart_sql()}) AS d ON d.a = least(x.unit, y.unit) AND d.b = greatest(x.unit, y.unit)
    WHERE y.entity = x.entity AND (y.weight > x.weight OR (y.weight = x.weight AND y.unit < x.unit)))"""


def loose_edges_sql(rules: LinkRules) -> str:
    """SELECT `a`, `b`, `weight` of the pairs, both ways, that join units which join nobody with an identifier."""
    one_way = (
        f"SELECT left_unit AS a, right_unit AS b, weight FROM {EDGES} WHERE NOT right_known AND probability >= {rules.threshold} "
        f"AND left_unit NOT IN (SELECT unit FROM {JOINED}) AND right_unit NOT IN (SELECT unit FROM {JOINED})"
    )
    return f"WITH one_way AS ({one_way}) SELECT a, b, weight FROM one_way UNION ALL SELECT b, a, weight FROM one_way"


def first_groups_sql() -> str:
    """SELECT `unit`, `entity`: each loose unit in a group of its own, from which `next_groups_sql` starts."""
    return f"SELECT DISTINCT a AS unit, a AS entity FROM {LOOSE}"


def next_groups_sql() -> str:
    """SELECT `unit`, `entity`: each loose unit in the least group that it or a neighbour is in. Repeated until nothing changes."""
    return f"""
SELECT g.unit, least(g.entity, min(n.entity), min(further.entity)) AS entity FROM {GROUPS} AS g
JOIN {LOOSE} AS e ON e.a = g.unit JOIN {GROUPS} AS n ON n.unit = e.b JOIN {GROUPS} AS further ON further.unit = n.entity
GROUP BY g.unit, g.entity"""


def alias_sql() -> str:
    """SELECT `own_id`, `entity_id`, `how`, `weight` of every own id that is not its own entity.

    A loose group that would bring two different units together is not joined at all.
    """
    torn = f"SELECT x.entity FROM ({apart_sql()}) AS d JOIN {GROUPS} AS x ON x.unit = d.a JOIN {GROUPS} AS y ON y.unit = d.b AND y.entity = x.entity"
    return f"""
WITH loose AS (
    SELECT g.unit, g.entity, (SELECT max(weight) FROM {LOOSE} AS e WHERE e.a = g.unit) AS weight FROM {GROUPS} AS g
    WHERE g.entity <> g.unit AND g.entity NOT IN ({torn})),
moved AS (SELECT unit, entity, weight FROM {JOINED} UNION ALL SELECT unit, entity, weight FROM loose)
SELECT m.own_id, coalesce(j.entity, m.unit) AS entity_id, CASE WHEN j.entity IS NULL THEN 'judged' ELSE 'linked' END AS how, j.weight
FROM {MEMBERS} AS m LEFT JOIN moved AS j ON j.unit = m.unit WHERE m.own_id <> coalesce(j.entity, m.unit)"""
