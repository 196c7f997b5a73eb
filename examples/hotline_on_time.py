"""Topics and districts by how late they answer: the requests due by now, and the share answered within five working days."""

from __future__ import annotations

import duckdb

SQL = """
SELECT topic, coalesce(division, division_code) AS district, sum(due) AS due,
       round(sum(on_time_share * due) / nullif(sum(due) FILTER (on_time_share IS NOT NULL), 0), 1) AS on_time_share
FROM mart.hotline_by_topic
GROUP BY ALL HAVING sum(due) > 0
ORDER BY on_time_share NULLS LAST, due DESC, topic, district LIMIT 20"""


def main(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Topic, district, requests due, per cent on time (empty where too few to tell); the worst first."""
    return connection.execute(SQL).fetchall()


if __name__ == "__main__":
    import warehouse

    for row in main(warehouse.connect()):
        print(*row)
