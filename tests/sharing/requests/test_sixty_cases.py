"""Deadlines around Spring Festival, National Day and the year's end, each counted by a person on the State Council's notices.

A case is: what is owed and in how many working days; the day it starts, which does not count; the day it is due; and the count in words.
Nothing here is computed: `a–b` are worked days in a row, a number in brackets is how many are used up.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.sharing.requests.told_lines import BUREAU, CONDITIONAL, UNCONDITIONAL, ToldLines

ANSWER_1, ANSWER_10, PROVIDE, CORRECT = "answer in 1", "answer in 10", "provide in 20", "correct in 10"

_CASES = [
    # 2019, 国办发明电〔2018〕15号: Spring Festival 4–10 February off, Saturday 2 and Sunday 3 February worked;
    # National Day 1–7 October off, Sunday 29 September and Saturday 12 October worked; 〔2019〕3号: 1–4 May off, Sundays 28 April and 5 May worked
    (ANSWER_1, "2019-02-01", "2019-02-02", "Friday; the Saturday after it is worked in lieu"),
    (ANSWER_1, "2019-02-03", "2019-02-11", "the worked Sunday; 4–10 February rest, Monday the 11th is the next worked day"),
    (ANSWER_10, "2019-01-30", "2019-02-18", "31 Jan, 1 Feb (2), Saturday 2, Sunday 3 (4), 11–15 Feb (9), Monday 18 (10)"),
    (PROVIDE, "2019-01-21", "2019-02-21", "22–25 Jan (4), 28 Jan – 1 Feb (9), 2 and 3 Feb (11), 11–15 (16), 18–21 (20)"),
    (ANSWER_1, "2019-09-27", "2019-09-29", "Friday; Saturday rests, Sunday 29 September is worked in lieu"),
    (ANSWER_1, "2019-09-30", "2019-10-08", "Monday before the holiday; 1–7 October rest"),
    (ANSWER_10, "2019-09-27", "2019-10-16", "29, 30 Sep (2), 8–11 Oct (6), Saturday 12 (7), 14–16 (10)"),
    (CORRECT, "2019-10-06", "2019-10-18", "asked in the holiday; 8–11 Oct (4), Saturday 12 (5), 14–18 (10)"),
    (ANSWER_10, "2019-04-23", "2019-05-08", "24–26 Apr (3), Sunday 28 (4), 29, 30 (6), Sunday 5 May (7), 6–8 (10)"),
    (ANSWER_1, "2019-12-31", "2020-01-02", "Tuesday; 1 January 2020 rests, one day only"),
    (ANSWER_10, "2019-12-23", "2020-01-07", "24–27 Dec (4), 30, 31 (6), 2, 3 Jan (8), 6, 7 (10)"),
    (PROVIDE, "2019-12-31", "2020-02-05", "2, 3 Jan (2), 6–10 (7), 13–17 (12), Sunday 19 (13), 20–23 (17), 3–5 Feb (20): over two holidays"),
    # 2020, 国办发明电〔2019〕16号: Spring Festival from 24 January, Sunday 19 January worked; 〔2020〕1号 made it last up to Sunday 2 February, so
    # that Friday 31 January and the worked Saturday 1 February rest; National Day 1–8 October off, Sunday 27 September, Saturday 10 October worked
    (ANSWER_1, "2020-01-18", "2020-01-19", "an ordinary Saturday; the Sunday after it is worked in lieu"),
    (ANSWER_10, "2020-01-13", "2020-02-03", "14–17 Jan (4), Sunday 19 (5), 20–23 (9), Monday 3 Feb (10): the first plan had said 31 January"),
    (ANSWER_1, "2020-01-23", "2020-02-03", "the last day before the festival; everything up to 2 February rests"),
    (ANSWER_10, "2020-01-31", "2020-02-14", "received on a Friday that rests by the second notice; 3–7 Feb (5), 10–14 (10)"),
    (PROVIDE, "2020-01-22", "2020-02-27", "23 Jan (1), 3–7 Feb (6), 10–14 (11), 17–21 (16), 24–27 (20)"),
    (CORRECT, "2020-01-19", "2020-02-10", "asked on the worked Sunday; 20–23 Jan (4), 3–7 Feb (9), Monday 10 (10)"),
    (ANSWER_1, "2020-09-26", "2020-09-27", "Saturday; Sunday 27 September is worked in lieu"),
    (ANSWER_10, "2020-09-23", "2020-10-13", "24, 25 Sep (2), Sunday 27 (3), 28–30 (6), Friday 9 Oct (7), Saturday 10 (8), 12, 13 (10)"),
    (PROVIDE, "2020-09-15", "2020-10-19", "16–18 Sep (3), 21–25 (8), 27–30 (12), 9, 10 Oct (14), 12–16 (19), 19 (20)"),
    (CORRECT, "2020-10-08", "2020-10-21", "asked on the last day off; 9, 10 Oct (2), 12–16 (7), 19–21 (10)"),
    (ANSWER_10, "2020-12-21", "2021-01-05", "22–25 Dec (4), 28–31 (8), 4, 5 Jan (10): 1–3 January 2021 rest"),
    (ANSWER_1, "2020-12-31 23:50", "2021-01-04", "ten minutes before the year's end; Friday 1 to Sunday 3 January rest"),
    (ANSWER_1, "2021-01-01 00:10", "2021-01-04", "ten past midnight on New Year's Day, when it is still 31 December in UTC; the start is a day off"),
    # 2021, 国办发明电〔2020〕27号: Spring Festival 11–17 February off, Sunday 7 and Saturday 20 February worked; 19–21 September off, Saturday 18
    # worked; National Day 1–7 October off, Sunday 26 September and Saturday 9 October worked
    (ANSWER_1, "2021-02-05", "2021-02-07", "Friday; Saturday rests, Sunday the 7th is worked"),
    (ANSWER_10, "2021-02-04", "2021-02-23", "5 Feb (1), Sunday 7 (2), 8–10 (5), 18, 19 (7), Saturday 20 (8), 22, 23 (10)"),
    (PROVIDE, "2021-02-01", "2021-03-04", "2–5 Feb (4), 7–10 (8), 18–20 (11), 22–26 (16), 1–4 Mar (20)"),
    (CORRECT, "2021-02-17", "2021-03-02", "asked on the last day off; 18–20 Feb (3), 22–26 (8), 1, 2 Mar (10)"),
    (ANSWER_10, "2021-09-17", "2021-10-08", "Saturday 18 Sep (1), 22–24 (4), Sunday 26 (5), 27–30 (9), Friday 8 Oct (10): over two holidays"),
    (ANSWER_1, "2021-10-08", "2021-10-09", "Friday; the Saturday after it is worked"),
    (ANSWER_1, "2021-12-31", "2022-01-04", "Friday; 1–3 January 2022 rest, the Monday included"),
    (ANSWER_10, "2021-12-22", "2022-01-06", "23, 24 Dec (2), 27–31 (7), 4–6 Jan (10)"),
    # 2022, 国办发明电〔2021〕11号: Spring Festival 31 January – 6 February off, Saturday 29 and Sunday 30 January worked; 10–12 September off;
    # National Day 1–7 October off, Saturday 8 and Sunday 9 October worked
    (ANSWER_1, "2022-01-28", "2022-01-29", "Friday; the whole weekend after it is worked"),
    (ANSWER_1, "2022-01-30", "2022-02-07", "the worked Sunday; 31 January – 6 February rest"),
    (ANSWER_10, "2022-01-24", "2022-02-10", "25–30 Jan (6), 7–10 Feb (10)"),
    (ANSWER_10, "2022-09-29", "2022-10-18", "30 Sep (1), 8–14 Oct, seven days in a row (8), 17, 18 (10)"),
    (PROVIDE, "2022-09-09", "2022-10-13", "13–16 Sep (4), 19–23 (9), 26–30 (14), 8–13 Oct (20)"),
    (CORRECT, "2022-12-20", "2023-01-04", "21–23 Dec (3), 26–30 (8), 3, 4 Jan (10): 31 December – 2 January rest"),
    # 2023, 国办发明电〔2022〕16号: New Year 31 December 2022 – 2 January; Spring Festival 21–27 January off, Saturday 28 and Sunday 29 January
    # worked; National Day 29 September – 6 October off, Saturday 7 and Sunday 8 October worked
    (ANSWER_1, "2022-12-30", "2023-01-03", "Friday; Saturday 31 December is already a day off of New Year"),
    (ANSWER_10, "2023-01-12", "2023-01-31", "13 Jan (1), 16–20 (6), 28, 29 (8), 30, 31 (10)"),
    (ANSWER_1, "2023-01-20", "2023-01-28", "the Friday before the festival; 21–27 rest, the Saturday is worked"),
    (ANSWER_1, "2023-09-28", "2023-10-07", "Thursday; 29 September – 6 October rest, Saturday the 7th is worked"),
    (PROVIDE, "2023-09-14", "2023-10-18", "15 Sep (1), 18–22 (6), 25–28 (10), 7–13 Oct (17), 16–18 (20)"),
    (ANSWER_10, "2023-12-19", "2024-01-03", "20–22 Dec (3), 25–29 (8), 2, 3 Jan (10): Monday 1 January 2024 rests"),
    # 2024, 国办发明电〔2023〕7号: Spring Festival 10–17 February off, Sundays 4 and 18 February worked; on the eve, Friday the 9th, departments are
    # only encouraged to let people go: it is a working day; National Day 1–7 October off, Sunday 29 September and Saturday 12 October worked
    (ANSWER_1, "2024-02-08", "2024-02-09", "Thursday; the eve of the festival is a working day"),
    (ANSWER_10, "2024-02-02", "2024-02-21", "Sunday 4 Feb (1), 5–9 (6), Sunday 18 (7), 19–21 (10)"),
    (ANSWER_1, "2024-02-17", "2024-02-18", "the last day off, a Saturday; the Sunday after it is worked"),
    (PROVIDE, "2024-09-23", "2024-10-24", "24–27 Sep (4), 29, 30 (6), 8–12 Oct (11), 14–18 (16), 21–24 (20)"),
    (ANSWER_1, "2024-12-31", "2025-01-02", "Tuesday; Wednesday 1 January 2025 rests, one day only"),
    # 2025, 国办发明电〔2024〕12号: Spring Festival 28 January – 4 February off, Sunday 26 January and Saturday 8 February worked; National Day
    # 1–8 October off, Sunday 28 September and Saturday 11 October worked; 〔2025〕7号: 1–3 January 2026 off, Sunday 4 January worked
    (ANSWER_10, "2025-01-20", "2025-02-08", "21–24 Jan (4), 26, 27 (6), 5–7 Feb (9), Saturday 8 (10): due on a Saturday that is worked"),
    (ANSWER_1, "2025-01-27", "2025-02-05", "the Monday before the eve; 28 January – 4 February rest"),
    (ANSWER_10, "2025-09-22", "2025-10-11", "23–26 Sep (4), 28–30 (7), 9, 10 Oct (9), Saturday 11 (10)"),
    (PROVIDE, "2025-09-19", "2025-10-23", "22–26 Sep (5), 28–30 (8), 9–11 Oct (11), 13–17 (16), 20–23 (20)"),
    (ANSWER_1, "2025-12-31", "2026-01-04", "Wednesday; 1–3 January 2026 rest, Sunday the 4th is worked"),
    (ANSWER_10, "2025-12-24", "2026-01-08", "25, 26 Dec (2), 29–31 (5), Sunday 4 Jan (6), 5–8 (10)"),
]  # fmt: skip

# what stops or moves the clock: the name of the case, the line's day, what happens (kind, day, by), the day due
_MOVED = [
    ("papers incomplete over Spring Festival: 14–16 January are used (3), told on the 17th, supplemented on 3 February; 4–7 (4), 10–12 (7 left)",
     "2020-01-13", [("returned", "2020-01-17", "police"), ("supplemented", "2020-02-03", "civil")], "2020-02-12"),
    ("papers told missing on the first day, so that none is used, and supplemented in the holiday: 8, 9 October (2), 11–15 (7), 18–20 (10)",
     "2021-09-27", [("returned", "2021-09-28", "police"), ("supplemented", "2021-10-07", "civil")], "2021-10-20"),
    ("told missing on the last day, 3 February: 9 are used, 1 is left; supplemented on 1 March, a Sunday, so Monday the 2nd",
     "2020-01-13", [("returned", "2020-02-03", "police"), ("supplemented", "2020-03-01", "civil")], "2020-03-02"),
    ("told missing a day too late, on 4 February: the clock does not stop",
     "2020-01-13", [("returned", "2020-02-04", "police"), ("supplemented", "2020-02-20", "civil")], "2020-02-03"),
    ("extended by 5 with the bureau's consent on the last day, 3 February: 4–7 (4), Monday 10 (5)",
     "2020-01-13", [("extension_consented", "2020-02-03", BUREAU)], "2020-02-10"),
    ("the bureau consents a day too late, on 4 February: due stays 3 February",
     "2020-01-13", [("extension_consented", "2020-02-04", BUREAU)], "2020-02-03"),
    ("the provider consents to its own extension: due stays 3 February",
     "2020-01-13", [("extension_consented", "2020-01-20", "police")], "2020-02-03"),
    ("the provider asked, the bureau said nothing: due stays 3 February",
     "2020-01-13", [("extension_asked", "2020-01-20", "police")], "2020-02-03"),
    ("consent to 15 days is worth the 10 that the law allows: due 10 October, then 11–13 (3), 16–20 (8), 23, 24 October (10)",
     "2023-09-20", [("extension_consented 15", "2023-10-08", BUREAU)], "2023-10-24"),
    ("extended by 10 over the festival: first due Saturday 28 January, then 29–31 (3), 1–3 February (6), 6–9 (10)",
     "2023-01-09", [("extension_consented 10", "2023-01-20", BUREAU)], "2023-02-09"),
    ("extended by 5 before papers are told missing: 15 in all, 14–17, 19 and 20 January used (6), told on the 21st; supplemented on 3 February: 4–7 (4), 10–14 (9)",
     "2020-01-13", [("extension_consented", "2020-01-17", BUREAU), ("returned", "2020-01-21", "police"), ("supplemented", "2020-02-03", "civil")],
     "2020-02-14"),
    ("extended by 5, then papers told missing on 5 February, when only the extension still runs: 14–17, 19–23 January, 3, 4 February used (11), 4 left; "
     "supplemented on the 10th: 11–14 (4)",
     "2020-01-13", [("extension_consented", "2020-01-20", BUREAU), ("returned", "2020-02-05", "police"), ("supplemented", "2020-02-10", "civil")],
     "2020-02-14"),
]  # fmt: skip


def test_there_are_sixty_cases_and_no_case_stands_twice() -> None:
    assert len({case[:2] for case in _CASES} | {case[0] for case in _MOVED}) == len(_CASES) + len(_MOVED) >= 60


@pytest.mark.parametrize("case", _CASES, ids=lambda case: f"{case[0]} from {case[1]}")
def test_a_duty_is_due_on_the_day_a_person_counted(case: tuple[str, str, str, str], counted: dict[str, date]) -> None:
    what, start, due, why = case
    assert counted[f"{what} {start}"] == date.fromisoformat(due), why


@pytest.mark.parametrize("case", _MOVED, ids=lambda case: case[0].split(":")[0])
def test_pauses_and_extensions_move_the_day_as_a_person_counted(
    case: tuple[str, str, list[tuple[str, str, str]], str], counted: dict[str, date]
) -> None:
    why, _, _, due = case
    assert counted[why] == date.fromisoformat(due), why


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, date]:
    """Case → the due day that the ledger's duties say, all of them in one ledger."""
    return _counted(tmp_path_factory.mktemp("cases") / "city")


def _counted(root: Path) -> dict[str, date]:
    told = ToldLines(root, recorded="2026-01-19")
    wanted: dict[tuple[str, str], str] = {}
    for what, start, _, _ in _CASES:
        line = f"{what} {start}"
        told.submitted(line, start, UNCONDITIONAL if what == ANSWER_1 else CONDITIONAL)
        if what == PROVIDE:
            told.granted(line, start)
        if what == CORRECT:
            told.correction(line, "asked", start, "civil")
        kinds = {
            ANSWER_1: "answer_unconditional",
            ANSWER_10: "answer_conditional",
            PROVIDE: "provide",
            CORRECT: "correction",
        }
        wanted[line, kinds[what]] = line
    for number, (words, start, happenings, _) in enumerate(_MOVED):
        line = f"moved {number}"
        told.submitted(line, start)
        for what, day, by in happenings:
            kind, _, days = what.partition(" ")
            told.happened(line, kind, day, by, **({"days": int(days or 5)} if kind.startswith("extension") else {}))
        wanted[line, "answer_conditional"] = words
    rows = told.told_of("2026-01-20")
    return {wanted[key]: row["due_day"] for row in rows if (key := (row["line_id"], row["duty"])) in wanted}
