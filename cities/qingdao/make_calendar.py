"""Seeds `calendar.csv` from the chinesecalendar package: `python -m cities.qingdao.make_calendar --first 2019 --last 2026`.

Each day carries the number of the State Council's notice it comes from. When the notice for the next year is out (November), update the
package, add the number here and run this again. The numbers of 2020, 2021 and 2025 were compared with the notices' texts; the others
were not: confirm one before you cite it.
"""

from __future__ import annotations

import argparse
import csv
from datetime import date, timedelta
from pathlib import Path

from chinese_calendar.constants import holidays, workdays

NOTICES = {
    2019: "国办发明电〔2018〕15号", 2020: "国办发明电〔2019〕16号", 2021: "国办发明电〔2020〕27号", 2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号", 2024: "国办发明电〔2023〕7号", 2025: "国办发明电〔2024〕12号", 2026: "国办发明电〔2025〕7号",
}  # fmt: skip
# notices that changed a year's arrangement afterwards: first day, last day, number
AMENDMENTS = (
    (date(2019, 4, 28), date(2019, 5, 5), "国办发明电〔2019〕3号"),  # Labour Day of 2019 made longer
    (
        date(2020, 1, 31),
        date(2020, 2, 2),
        "国办发明电〔2020〕1号",
    ),  # Spring Festival of 2020 made longer in the epidemic
)
NAMES = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "National Day": "国庆节", "Mid-autumn Festival": "中秋节", "Anti-Fascist 70th Day": "抗战胜利日",
}  # fmt: skip


def rows(first: int, last: int) -> list[tuple[str, str, str, str]]:
    """`day, kind, reason, notice` of every day of the years `first` to `last` that a notice speaks of."""
    found = []
    day = date(first, 1, 1)
    while day.year <= last:
        name = holidays.get(day) or workdays.get(day)
        if name:
            kind = "rest" if day in holidays else "working"
            found.append((day.isoformat(), kind, f"{NAMES[name]} {name}", _notice(day)))
        day += timedelta(days=1)
    return found


def _notice(day: date) -> str:
    for start, end, number in AMENDMENTS:
        if start <= day <= end:
            return number
    # days off for New Year's Day may lie in the December before
    return NOTICES[day.year + 1] if (day.month, day.day) >= (12, 25) else NOTICES[day.year]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=2019)
    parser.add_argument("--last", type=int, default=max(NOTICES))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("calendar.csv"))
    options = parser.parse_args()
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("day", "kind", "reason", "notice"))
        writer.writerows(rows(options.first, options.last))


if __name__ == "__main__":
    main()
