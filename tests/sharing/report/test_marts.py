"""The marts say what verdicts and rates say, and account for every change between two nights."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharing.report import marts
from sharing.report.labels import percent
from sharing.report.mart_tables import MARTS, STAGES
from tests.sharing.report.told_city import ToldCity, tell
from warehouse.lake import commit

_NIGHTS = (1, 2, 3)


def test_every_rate_of_every_scope_is_that_of_the_rates(told: ToldCity) -> None:
    for kind in ("declared", "verified", "on_time", "field_weighted", "used"):
        assert not told.rows(f"""
            SELECT scope, department, m.rate, r.{kind} FROM sharing.mart_rate_by_day AS m FULL JOIN sharing.rates AS r USING (as_of, scope, department)
            WHERE m.kind = '{kind}' AND m.rate IS DISTINCT FROM r.{kind} OR m.kind IS NULL AND r.scope <> 'period'""")


def test_bounds_enclose_each_rate_and_close_where_nothing_is_pending(told: ToldCity) -> None:
    rows = told.rows("SELECT rate, lower, upper, pending, kind FROM sharing.mart_rate_by_day WHERE rate IS NOT NULL")
    assert all(lower <= rate <= upper for rate, lower, upper, _, _ in rows)
    assert all(lower == upper for _, lower, upper, pending, _ in rows if pending == 0)
    assert not told.rows("""
        SELECT * FROM sharing.mart_rate_by_day AS m JOIN sharing.rates AS r USING (as_of, scope, department)
        WHERE m.kind = 'verified' AND (lower <> verified_lower OR upper <> verified_upper)""")


def test_the_goal_is_the_policy_s_and_stands_beside_the_verified_rate_alone(told: ToldCity) -> None:
    assert told.rows("SELECT DISTINCT kind, goal FROM sharing.mart_rate_by_day WHERE goal IS NOT NULL") == [
        ("verified", 0.97)
    ]


def test_the_funnel_counts_how_far_lines_came(told: ToldCity) -> None:
    counts = told.rows(
        "SELECT stage, lines FROM sharing.mart_funnel WHERE scope = 'city' AND as_of = (SELECT max(as_of) FROM sharing.rates) ORDER BY position"
    )
    # 18 lines of which one was withdrawn in time; 5 unanswered or refused; P0 revoked; one never read
    assert dict(counts) == {"asked": 17, "answered": 13, "granted": 12, "delivered": 12, "verified": 11, "used": 10}
    assert tuple(stage for stage, _ in counts) == STAGES


def test_changes_add_up_to_the_difference_of_the_rates_and_name_cause_and_owner(told: ToldCity) -> None:
    for before, after in ((1, 2), (2, 3)):
        at = [told.computation(n).as_of for n in (before, after)]
        (old,), (new,) = (
            told.city.connection.execute(
                "SELECT {h: holding_lines, d: due} FROM sharing.rates WHERE scope = 'city' AND as_of = ?", [a]
            ).fetchall()
            for a in at
        )
        moved = told.city.connection.execute(
            "SELECT sum(holding_change), sum(due_change) FROM sharing.mart_changes WHERE as_of = ? AND before = ?",
            [at[1], at[0]],
        ).fetchone()
        assert moved == (new[0]["h"] - old[0]["h"], new[0]["d"] - old[0]["d"])
    rows = told.rows(
        "SELECT as_of, line_id, change, causes[1], owner FROM sharing.mart_changes ORDER BY as_of, line_id"
    )
    told_lines = {(told.city.as_of(2), f"T{n}", "lost", "load_held", "tax") for n in range(4)}
    told_lines |= {(told.city.as_of(3), f"T{n}", "gained", "load_held", "tax") for n in range(4)}
    assert set(rows) == told_lines | {(told.city.as_of(3), "P0", "lost", "grant_revoked", "big_data")}


def test_first_reasons_add_up_to_the_due_lines_that_do_not_hold(told: ToldCity) -> None:
    for night in _NIGHTS:
        at = told.computation(night).as_of
        first = told.city.connection.execute(
            "SELECT sum(first_lines) FROM sharing.mart_reasons WHERE as_of = ?", [at]
        ).fetchone()
        failing = told.city.connection.execute(
            "SELECT due - holding_lines FROM sharing.rates WHERE scope = 'city' AND as_of = ?", [at]
        ).fetchone()
        assert first == failing


def test_time_used_is_counted_in_working_days_of_the_limit(told: ToldCity) -> None:
    at = told.computation(1).as_of
    rows = told.city.connection.execute(
        "SELECT duty, state, used_tenths, sum(lines) FROM sharing.mart_deadlines WHERE as_of = ? AND provider = 'police' GROUP BY ALL",
        [at],
    ).fetchall()
    states = {(duty, state): 0 for duty, state, _, _ in rows}
    for duty, state, _, lines in rows:
        states[duty, state] += lines
    # answered in 3 of 10 working days, delivered 4 of 20 later; LATE missed both; SILENT and the hostile line answer to nobody
    assert states == {
        ("answer", "met"): 8, ("answer", "late"): 1, ("answer", "overdue"): 2, ("answer", "running"): 1, ("answer", "paused"): 1,
        ("provide", "met"): 7, ("provide", "late"): 1, ("provide", "overdue"): 1,
    }  # fmt: skip
    assert ("answer", "met", 3) in {row[:3] for row in rows}
    assert all(
        tenths is None if state == "paused" else (tenths > 10) == (state in ("late", "overdue")) for _, state, tenths, _ in rows
    )  # fmt: skip


def test_freshness_tells_a_held_load_from_a_stale_one(told: ToldCity) -> None:
    rows = told.rows(
        "SELECT as_of, resource, state FROM sharing.mart_freshness WHERE resource = 'tax.taxpayer' ORDER BY as_of"
    )
    assert [state for _, _, state in rows] == ["fresh", "held", "fresh"]


def test_every_mart_and_column_is_described_in_both_languages(told: ToldCity) -> None:
    for mart in MARTS:
        comments = told.rows(
            f"SELECT comment FROM duckdb_tables() WHERE table_name = '{mart.name}' AND database_name = 'lake'"
        )
        comments += told.rows(
            f"SELECT comment FROM duckdb_columns() WHERE table_name = '{mart.name}' AND database_name = 'lake'"
        )
        assert len(comments) == 3 + len(mart.columns)
        assert all(text and any("\u4e00" <= sign <= "\u9fff" for sign in text) for (text,) in comments[:-4]), mart.name


def test_marts_are_renewed_whole_or_not_at_all_and_running_twice_changes_nothing(tmp_path: Path) -> None:
    told = tell(tmp_path, nights=2)
    connection, first = told.city.connection, told.city.as_of(1)

    def state() -> list[list[tuple[object, ...]]]:
        return [told.rows(f"SELECT * FROM sharing.{mart.name} ORDER BY ALL") for mart in MARTS]

    before = state()

    def killed() -> None:
        marts.refresh(connection, told.read, first)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        commit(connection, told.city.settings, killed)
    assert state() == before
    commit(connection, told.city.settings, lambda: marts.refresh(connection, told.read, first))
    assert state() == before
    # an earlier night judged anew: the next one tells its change against it
    told.city.load("tax.taxpayer", 1, held="found bad later", attempt=2)
    told.judge(1)
    changed = "SELECT count(*) FROM sharing.mart_changes WHERE change = 'lost' AND line_id LIKE 'T%'"
    assert before[-1] and told.rows(changed) == [(0,)]
    # what was said of the night first stands beside what is known of it now
    ((declared, verified),) = told.rows(
        "SELECT declared, verified FROM sharing.published_rates WHERE scope = 'city' ORDER BY as_of, known_at LIMIT 1"
    )
    assert "此前公布" not in told.page(2)
    assert f"申报 declared {percent(declared)}，核验 verified {percent(verified)}" in told.page(1)
    assert f"<b>{percent(verified)}</b>" not in told.page(1)
