"""How two comparable rows are compared: for each kind of attribute the levels of agreement, from the best down, as Splink's settings.

Each level starts with an m, the share of true pairs expected there, which training replaces where the city's data show it. A comparison is the
same in both directions. Names and streets in Chinese are compared character by character: DuckDB's text distances count bytes.
"""

from __future__ import annotations

from typing import Any

from transforms.link.rules import LinkRules

Level = dict[str, Any]

# from the bottom: they differ, they share a surname
_OTHER_NAME = 1
_EQUAL_CODE = 2


def comparisons(rules: LinkRules) -> list[dict[str, Any]]:
    """One comparison an attribute, but one for phone, address and division together where there are several of them.

    A household shares its phone, its address and its division, and who moves has often another phone too: three comparisons would count one fact
    three times.
    """
    contact = tuple(next(iter(rules.of_kind(kind)), None) for kind in ("phone", "address", "division"))
    together = [a for a in contact if a is not None and contact[1] is not None]
    found = []
    for a in rules.compared:
        if a in together and a is not contact[1]:
            continue
        if a in together:
            levels = _contact(a.name, *(c.name if c else None for c in (contact[0], contact[2])))
        elif a.kind == "name":
            names = rules.of_kind("name")
            levels = _name(a.name, next((o.name for o in names if o is not a), None) if len(names) == 2 else None)
        elif a.kind == "address":
            levels = _contact(a.name, None, None)
        else:
            levels = _OF_KIND[a.kind](a.name)
        found.append({"output_column_name": a.name, "comparison_levels": levels})
    return found


def other_name_sql(rules: LinkRules) -> str:
    """SQL over a scored pair: whether its names are stated and differ in more than a slip, all of them where there are several, and no code is equal.

    Siblings, and twins above all, agree in everything else: such a pair is shown to a person and never joined by its weight alone.
    """
    gammas = [f'"gamma_{a.name}"' for a in rules.of_kind("name")]
    if not gammas:
        return "false"
    own_code = "".join(f' AND "gamma_{a.name}" < {_EQUAL_CODE}' for a in rules.of_kind("code"))
    return f"(least({', '.join(gammas)}) >= 0 AND greatest({', '.join(gammas)}) <= {_OTHER_NAME}{own_code})"


def frequency_columns(rules: LinkRules) -> tuple[str, ...]:
    """Comparable columns whose frequent values weigh less than rare ones."""
    return tuple(a.name for a in rules.compared if a.kind in ("name", "text"))


def _name(name: str, other: str | None) -> list[Level]:
    left, right = _sides(name)
    sound_l, sound_r = _sides(f"{name}_sound")
    key_l, key_r = _sides(f"{name}_key")
    han = f"contains({sound_l}, '-') AND contains({sound_r}, '-')"
    same = " + ".join(f"CAST(substr({left}, {n}, 1) = substr({right}, {n}, 1) AS INTEGER)" for n in range(1, 7))
    one_other = f"length({left}) = length({right}) AND length({left}) BETWEEN 3 AND 6 AND {same} = length({left}) - 1"
    one_less = (
        f"abs(length({left}) - length({right})) = 1 AND least(length({left}), length({right})) >= 2 "
        f"AND (starts_with({left}, {right}) OR starts_with({right}, {left}) OR ends_with({left}, {right}) OR ends_with({right}, {left}))"
    )
    # two characters that changed places; ASCII text is left to Jaro-Winkler
    turned = f"length({left}) = length({right}) AND length({left}) = 3 AND substr({left}, 1, 1) = substr({right}, 1, 1) AND substr({left}, 2, 1) = substr({right}, 3, 1) AND substr({left}, 3, 1) = substr({right}, 2, 1)"
    latin = f"NOT contains({sound_l}, '-') AND NOT contains({sound_r}, '-')"
    swapped = []
    if other is not None:
        other_l, other_r = _sides(other)
        swapped = [_level(f"{left} = {other_r} AND {other_l} = {right}", "given and family name changed places", 0.01)]
    return [
        _null(left, right),
        {**_level(f"{left} = {right}", "equal", 0.85), "tf_adjustment_column": name, "tf_adjustment_weight": 1.0},
        *swapped,
        _level(f"length({left}) > 1 AND {sound_l} = {sound_r}", "same sound", 0.05),
        _level(f"({han} AND (({one_other}) OR ({one_less}) OR ({turned}))) OR ({latin} AND {_alike(left, right, 0.9)})", "one character differs", 0.05),
        # a surname misread; people of one household may share a surname, and hardly ever a given name alone
        _level(f"{han} AND length({left}) = 2 AND length({right}) = 2 AND right({left}, 1) = right({right}, 1)", "same given name", 0.01),
        _level(f"{latin} AND {_alike(left, right, 0.8)}", "alike", 0.02),
        _level(f"{key_l} = {key_r}", "same surname or beginning", 0.02),
        _else(0.02),
    ]  # fmt: skip


def _date(name: str) -> list[Level]:
    left, right = _sides(name)
    full = f"length({left}) = 8 AND length({right}) = 8"
    year, month, day = (f"substr({{}}, {start}, {length})" for start, length in ((1, 4), (5, 2), (7, 2)))
    turned = f"{year.format(left)} = {year.format(right)} AND {month.format(left)} = {day.format(right)} AND {day.format(left)} = {month.format(right)}"
    agree = " + ".join(f"CAST({part.format(left)} = {part.format(right)} AS INTEGER)" for part in (year, month, day))
    return [
        _null(left, right),
        _level(f"{left} = {right}", "equal", 0.9),
        _level(f"length({left}) <> length({right}) AND (starts_with({left}, {right}) OR starts_with({right}, {left}))", "equal as far as stated", 0.01),
        _level(f"{full} AND (damerau_levenshtein({left}, {right}) <= 1 OR ({turned}))", "one digit differs, or month and day changed places", 0.05),
        _level(f"{full} AND {agree} = 2", "two of year, month and day equal", 0.02),
        _else(0.02),
    ]  # fmt: skip


def _phone(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        _null(left, right),
        _level(f"{left} = {right}", "equal", 0.75),
        _level(_near_phone(left, right), "one digit differs, or all but the area code equal", 0.05),
        _else(0.2),
    ]  # fmt: skip


def _contact(name: str, phone: str | None, division: str | None) -> list[Level]:
    left, right = _sides(name)
    street_l, street_r = _sides(f"{name}_street")
    numbers_l, numbers_r = _sides(f"{name}_numbers")
    house = f"split_part({numbers_l}, '-', 1) = split_part({numbers_r}, '-', 1)"
    several = f"{numbers_l} = {numbers_r} AND contains({numbers_l}, '-')"
    near = f"(({street_l} = {street_r} AND {house}) OR ({several}))"
    street = (
        f"{street_l} = {street_r} OR (strlen({street_l}) = length({street_l}) AND {_alike(street_l, street_r, 0.9)})"
    )
    levels = [
        _level(f"{left} = {right}", "same address", 0.6),
        _level(near, "same street and house, or same numbers", 0.1),
        _level(street, "same street", 0.03),
    ]
    nothing = f"({left} IS NULL OR {right} IS NULL)"
    if phone is not None:
        phone_l, phone_r = _sides(phone)
        nothing = f"{nothing} AND ({phone_l} IS NULL OR {phone_r} IS NULL)"
        levels = [
            _level(f"{phone_l} = {phone_r} AND ({left} = {right} OR {near})", "same phone and address", 0.6),
            _level(f"{phone_l} = {phone_r}", "same phone", 0.1),
            levels[0] | {"m_probability": 0.1},
            levels[1] | {"m_probability": 0.03},
            _level(_near_phone(phone_l, phone_r), "one digit of the phone differs, or its area code", 0.02),
            levels[2],
        ]
    if division is not None:
        division_l, division_r = _sides(division)
        levels.append(_level(f"{division_l} = {division_r}", "same division", 0.05))
    return [{"sql_condition": nothing, "label_for_charts": "not stated", "is_null_level": True}, *levels, _else(0.08)]


def _division(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        _null(left, right),
        _level(f"{left} = {right}", "equal", 0.85),
        _level(f"left({left}, 4) = left({right}, 4)", "same prefecture", 0.1),
        _else(0.05),
    ]


def _gender(name: str) -> list[Level]:
    left, right = _sides(name)
    return [_null(left, right), _level(f"{left} = {right}", "equal", 0.99), _else(0.01)]


def _text(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        _null(left, right),
        {**_level(f"{left} = {right}", "equal", 0.8), "tf_adjustment_column": name, "tf_adjustment_weight": 1.0},
        _level(_alike(left, right, 0.9), "alike", 0.1),
        _else(0.1),
    ]


def _code(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        _null(left, right),
        _level(f"{left} = {right}", "equal", 0.85),
        _level(f"length({left}) >= 4 AND damerau_levenshtein({left}, {right}) <= 1", "one sign differs", 0.1),
        _else(0.05),
    ]


def _sides(name: str) -> tuple[str, str]:
    return f'"{name}_l"', f'"{name}_r"'


def _near_phone(left: str, right: str) -> str:
    return f"damerau_levenshtein({left}, {right}) <= 1 OR right({left}, 7) = right({right}, 7)"


def _alike(left: str, right: str, least: float) -> str:
    # in a fixed order, since the measure is not quite the same both ways
    return f"jaro_winkler_similarity(least({left}, {right}), greatest({left}, {right})) >= {least}"


def _null(left: str, right: str) -> Level:
    return {
        "sql_condition": f"{left} IS NULL OR {right} IS NULL",
        "label_for_charts": "not stated",
        "is_null_level": True,
    }


def _level(condition: str, label: str, m: float) -> Level:
    return {"sql_condition": condition, "label_for_charts": label, "m_probability": m}


def _else(m: float) -> Level:
    return {"sql_condition": "ELSE", "label_for_charts": "differ", "m_probability": m}


_OF_KIND = {"date": _date, "phone": _phone, "division": _division, "gender": _gender, "text": _text, "code": _code}
