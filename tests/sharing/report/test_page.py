"""The page says what the rates say, whatever words stand in the register."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from sharing.report.labels import percent
from sharing.report.lines_file import COLUMNS, lines_csv
from tests.browser import look, printed
from tests.sharing.report.told_city import FORMULA, HOSTILE, ToldCity


def test_the_five_rates_on_the_page_are_those_of_the_rates(told: ToldCity) -> None:
    page = told.page(3)
    tiles = dict(re.findall(r'data-kind="(\w+)">.*?<b>(.*?)</b>', page, re.DOTALL))
    (row,) = told.rows(
        "SELECT declared, verified, on_time, field_weighted, used FROM sharing.rates WHERE scope = 'city' ORDER BY as_of DESC LIMIT 1"
    )
    assert tiles == {
        kind: percent(rate)
        for kind, rate in zip(("declared", "verified", "on_time", "field_weighted", "used"), row, strict=True)
    }


def test_each_rate_stands_beside_its_n_and_its_bounds(told: ToldCity) -> None:
    page = told.page(3)
    (counted, due, lower, upper) = told.rows(
        "SELECT holding_lines, due, verified_lower, verified_upper FROM sharing.rates WHERE scope = 'city' ORDER BY as_of DESC LIMIT 1"
    )[0]
    assert f"{counted} / n = {due} 项" in page
    assert f"[{percent(lower)}, {percent(upper)}]" in page


def test_what_changed_is_told_line_by_line_with_cause_and_owner(told: ToldCity) -> None:
    changes = told.page(2).split("较前一晚的变化")[1].split("</section>")[0].replace("<wbr>", "")
    for words in ("由满足变为不满足", "最近一次加载被拦截", "tax.taxpayer", "−4", *(f">T{n}<" for n in range(4))):
        assert words in changes
    assert "这是第一晚" in told.page(1)


def test_a_department_nobody_asks_has_no_rate(told: ToldCity) -> None:
    page = told.page(3)
    assert "idle" in page.split("无申请 no requests: ")[1].split("</details>")[0]
    assert percent(None) == "无申请 no requests"


def test_almost_all_is_never_shown_as_all() -> None:
    assert [percent(x) for x in (1.0, 0.9999, 0.0, 0.0001, 0.975)] == [
        "100\u00a0%", "99.9\u00a0%", "0.0\u00a0%", "0.1\u00a0%", "97.5\u00a0%",
    ]  # fmt: skip


def test_the_same_night_gives_the_same_bytes(told: ToldCity) -> None:
    assert told.page(2) == told.page(2)


def test_words_of_the_register_are_words(told: ToldCity) -> None:
    page = told.page(3)
    assert HOSTILE not in page and "&lt;script&gt;" in page
    assert "://" not in page.replace("http://evil.test", ""), "the page names no address"


def test_a_browser_finds_nothing_to_fetch_or_run_and_no_sideways_scrolling(told: ToldCity, tmp_path: Path) -> None:
    page = told.page(3)
    for width in (390, 1280):
        seen = look(page, tmp_path, width)
        assert seen["width"] == width
        assert seen["scroll"] <= width
        assert seen["fetched"] == [] and seen["console"] == [] and not seen["ran"] and seen["scripts"] == 0
        assert seen["unnamed"] == 0
        assert HOSTILE in seen["text"]
    # had it an address to fetch, the browser would say so: its own rule forbids it
    seen = look(page.replace("<main>", '<main><img src="http://evil.test/x.png">'), tmp_path, 390)
    assert seen["fetched"] == ["http://evil.test/x.png"] and "Content Security Policy" in seen["console"][0]
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    pdf = printed(file, tmp_path)
    sizes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^\]]*)\]", pdf)}
    assert {(round(w), round(h)) for _, _, w, h in sizes} == {(595, 842)}  # A4, upright


def test_the_csv_lists_every_line_with_reason_and_owner_and_no_formula(told: ToldCity) -> None:
    text = "".join(lines_csv(told.city.connection, told.read, told.computation(3)))
    rows = {row["line_id"]: row for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))}
    assert len(rows) == len(told.city.lines) and set(next(iter(rows.values()))) == set(COLUMNS)
    assert (
        rows["P0"]["reasons"] == "grant_revoked"
        and rows["P0"]["owners"] == "big_data"
        and rows["P0"]["change"] == "lost"
    )
    assert rows["WITHDRAWN"]["valid"] == "false" and rows["WITHDRAWN"]["reasons"] == "withdrawn"
    assert f"'{FORMULA}" in rows and rows[f"'{FORMULA}"]["request_id"] == "'+1+1"
    assert not [cell for row in rows.values() for cell in row.values() if cell[:1] in "=+-@\t\r" and cell]
