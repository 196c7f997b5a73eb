"""The policies that have paid least of what they promised, with pandas."""

from __future__ import annotations

import duckdb
import pandas as pd


def main(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row a policy: firms, promised, paid and unpaid in yuan, and the share paid; the most unpaid first."""
    frame = connection.execute(
        "SELECT policy_id, title, credit_code, CAST(promised AS DOUBLE) AS promised, CAST(paid AS DOUBLE) AS paid FROM mart.policy_fulfilment"
    ).df()
    by_policy = frame.groupby(["policy_id", "title"], dropna=False).agg(
        firms=("credit_code", "nunique"), promised=("promised", "sum"), paid=("paid", "sum")
    )
    by_policy["unpaid"] = by_policy["promised"] - by_policy["paid"]
    by_policy["paid_share"] = by_policy["paid"] / by_policy["promised"]
    return by_policy.sort_values("unpaid", ascending=False).reset_index()


if __name__ == "__main__":
    import warehouse

    print(main(warehouse.connect()).head(20).to_string(index=False))
