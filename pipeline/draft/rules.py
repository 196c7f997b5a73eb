"""Rules that the figures suggest. What they say is measured afterwards on every row of the sample; nearly all of them only warn."""

from __future__ import annotations

from itertools import product

from pipeline.draft.columns import ColumnFacts
from pipeline.draft.model import Draft, DraftField, DraftRule
from pipeline.draft.names import hints

_PATTERN = "expect_column_values_to_match_pattern"
_BETWEEN = "expect_column_values_to_be_between"
_READABLE = "expect_column_values_to_be_readable_text"
_UNIQUE = "expect_column_values_to_be_unique"
_ORDERED = "expect_column_pair_values_a_to_be_greater_than_b"
_MANY = 20
_PAIRS = 6


def suggest_rules(draft: Draft, facts: dict[str, ColumnFacts]) -> None:
    """Add rules on form, range, uniqueness and order to the draft's fields, and its table-wide rules."""
    for field in draft.fields:
        about = facts[field.physical_name]
        if not about.filled:
            continue
        says = hints(field.physical_name, field.label, field.description)
        if field.logical_type == "string":
            _text_rules(field, about, says)
        elif field.logical_type in ("integer", "number"):
            _number_rules(field, about, says)
        elif field.logical_type in ("date", "timestamp"):
            field.rules.append(DraftRule(_BETWEEN, {"min_value": "1900-01-01"}))
        if (
            not field.primary_key
            and about.distinct == about.filled > _MANY
            and ("code" in says or field.semantic_type in ("resident_id", "credit_code"))
            and field.semantic_type != "phone"
        ):
            field.rules.append(DraftRule(_UNIQUE, {}))
    starts = [f for f in draft.fields if _bounds(f, "start")]
    ends = [f for f in draft.fields if _bounds(f, "end")]
    for start, end in list(product(starts, ends))[:_PAIRS]:
        if start is not end and start.logical_type == end.logical_type:
            kwargs = {"column_A": end.name, "column_B": start.name, "or_equal": True}
            draft.rules.append(DraftRule(_ORDERED, kwargs, name=f"{end.name}.not_before_{start.name}"))


def _text_rules(field: DraftField, facts: ColumnFacts, says: frozenset[str]) -> None:
    has_list = any(rule.type.endswith("in_code_list") for rule in field.rules)
    if field.semantic_type is None and not has_list:
        if "postal_code" in says and facts.share("six_digits") >= 0.9:
            field.rules.append(DraftRule(_PATTERN, {"pattern": "[0-9]{6}"}))
            field.notes.append(f"postal codes of six digits in {facts.share('six_digits'):.1%} of values")
        elif (
            facts.form
            and facts.distinct > 1
            and not facts.share("blank_inside")
            and facts.share("foreign_letters") == 0
        ):
            field.rules.append(DraftRule(_PATTERN, {"pattern": facts.form}))
    if field.semantic_type is None and not has_list and facts.share("foreign_letters") > 0:
        field.rules.append(DraftRule(_READABLE, {}))


def _number_rules(field: DraftField, facts: ColumnFacts, says: frozenset[str]) -> None:
    if "latitude" in says:
        field.rules.append(DraftRule(_BETWEEN, {"min_value": -90, "max_value": 90}))
    elif "longitude" in says:
        field.rules.append(DraftRule(_BETWEEN, {"min_value": -180, "max_value": 180}))
    elif "year" in says and facts.longest == 4:
        field.rules.append(DraftRule(_BETWEEN, {"min_value": 1900, "max_value": 2100}))
    elif facts.share("negative") <= 0.01:
        field.rules.append(DraftRule(_BETWEEN, {"min_value": 0}))


def _bounds(field: DraftField, which: str) -> bool:
    return field.logical_type in ("date", "timestamp") and which in hints(field.physical_name, field.label)
