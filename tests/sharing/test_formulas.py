"""What leaves as CSV is text to a spreadsheet, by whichever way it leaves."""

from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from contracts.quoting import literal
from sharing.formulas import defused, defused_sql


def test_each_beginning_of_a_formula_is_defused_and_plain_numbers_stay() -> None:
    beginnings = (
        "=1",
        "+1+1",
        "-x",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        " =1",
        "\u3000＝1",
        "＋1",
        "－2",
        "＠SUM",
        "-1e5",
        "\ufeff=1",
    )
    assert [defused(text) for text in beginnings] == [f"'{text}" for text in beginnings]
    plain = ("-5", "+8613812345678", "-1.50", "x=1", "青岛", "", "1-2", " x", "'=1")
    assert [defused(text) for text in plain] == list(plain)
    assert [defused(value) for value in (None, True, 7, -7)] == ["", "true", "7", "-7"]


@given(
    st.lists(
        st.text(st.sampled_from("=+-@＝\t\r\n \u3000\u00a0\x0b\x1f\x850٣9.a'\"张"), max_size=6), min_size=1, max_size=20
    )
)
def test_python_and_sql_defuse_alike(texts: list[str]) -> None:
    listed = ", ".join(f"({literal(text)})" for text in texts)
    rows = duckdb.sql(f"SELECT {defused_sql('t')} FROM (VALUES {listed}) AS v(t)").fetchall()
    assert [row[0] for row in rows] == [defused(text) for text in texts]
