"""From a column's facts to a field: its type, its meaning, and how personal it is. Values decide; names only choose between what they allow."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.draft.columns import ColumnFacts
from pipeline.draft.model import DraftField
from pipeline.draft.names import hints

# a share from which on the values are taken for what they look like; what differs goes to quarantine, or the rule only warns
MOSTLY = 0.95
_UNREADABLE = ("BLOB", "LIST", "STRUCT", "MAP", "UNION")
_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
)
# a number of so few digits counts something, whatever its name: step_no, hearing_number
_COUNTED = 2
_PERSONAL = {"resident_id", "phone", "person_name"}


def unreadable(facts: ColumnFacts) -> str:
    """Why the column cannot be loaded, or the empty text."""
    return f"{facts.type} cannot be loaded into a field" if facts.kind in _UNREADABLE else ""


def recognise(field: DraftField, facts: ColumnFacts) -> None:
    """Fill in type, semantic type, classification and null words of the field, with the reasons as notes."""
    says = hints(field.physical_name, field.label, field.description)
    if facts.filled == 0:
        field.notes.append(
            f"empty in all {facts.rows:,} rows; look whether it is needed" if facts.rows else "the source holds no rows"
        )
        field.logical_type = _declared_type(field, facts)
        return
    if not _identifier(field, facts, says):
        if facts.kind == "VARCHAR":
            _text_type(field, facts, says)
        else:
            field.logical_type = _declared_type(field, facts)
    if facts.kind == "VARCHAR" and facts.null_words:
        # 无 beside 有 is an answer, and so is any word of a short list
        strict = field.logical_type == "string" and facts.distinct <= 20
        field.null_values = tuple(w for w in facts.null_words if not strict or w.upper() in ("N/A", "#N/A", "NULL"))
    field.required = facts.filled == facts.rows and facts.rows > 0
    _classify(field, facts, says)


def _declared_type(field: DraftField, facts: ColumnFacts) -> str:
    kind = facts.kind
    if kind in _INTEGERS:
        return "integer"
    if kind in ("DOUBLE", "FLOAT"):
        return "number"
    if kind == "DECIMAL":
        field.physical_type = facts.type.lower()
        return "number"
    if kind == "BOOLEAN":
        return "boolean"
    if kind == "DATE":
        return "date"
    return "timestamp" if kind.startswith("TIMESTAMP") else "string"


def _identifier(field: DraftField, facts: ColumnFacts, says: frozenset[str]) -> bool:
    """Whether the values are a known identifier; check digits make a mistake all but impossible, other forms also need the name."""
    if facts.kind in ("DATE", "BOOLEAN", "DECIMAL") or facts.kind.startswith("TIME"):
        return False
    for kind, shape in (("resident_id", "resident_shape"), ("credit_code", "credit_code")):
        right = facts.share(kind)
        # 15 digits alone have no check digit to prove them
        proven = kind in says or facts.longest == 18
        if (right >= 0.5 and proven) or (right >= 0.2 and facts.share(shape) >= 0.9 and kind in says):
            _means(field, kind, f"check digit right in {right:.1%} of {facts.filled:,} values")
            return True
    if facts.share("mobile") >= MOSTLY or ("phone" in says and facts.share("phone") >= 0.8):
        _means(
            field,
            "phone",
            f"telephone numbers of this country in {facts.share('phone'):.1%} of {facts.filled:,} values",
        )
        return True
    words = facts.share("gender_word")
    if facts.distinct <= 12 and facts.share("gender") >= 0.9 and (words >= 0.9 or "gender" in says):
        _means(
            field, "gender", f"words or codes of GB/T 2261.1 in {facts.share('gender'):.1%} of {facts.filled:,} values"
        )
        return True
    if "division_code" in says and facts.share("division") >= 0.9:
        _means(
            field,
            "division_code",
            f"6, 9 or 12 digits in {facts.share('division'):.1%} of {facts.filled:,} values, and the name says so",
        )
        return True
    if "person_name" in says and facts.share("han_name") >= 0.9:
        _means(
            field,
            "person_name",
            f"2 to 4 characters, or with a middle dot, in {facts.share('han_name'):.1%} of values, and the name says so",
        )
        return True
    if facts.share("luhn") >= 0.9 or ("bank_card" in says and facts.share("luhn") >= 0.5):
        field.notes.append(f"bank card numbers (Luhn) in {facts.share('luhn'):.1%} of {facts.filled:,} values")
        field.classification = "sensitive"
        return True
    return False


def _means(field: DraftField, semantic_type: str, why: str) -> None:
    field.semantic_type = semantic_type
    field.notes.append(f"{semantic_type}: {why}")


def _text_type(field: DraftField, facts: ColumnFacts, says: frozenset[str]) -> None:
    judged = f"of {facts.filled:,} values"
    if facts.share("moment") >= MOSTLY and not _is_number_code(facts, says):
        field.logical_type = "timestamp" if facts.share("with_time") > 0 else "date"
        _note_share(field, field.logical_type, facts.share("moment"), judged)
    elif facts.share("american_date") >= MOSTLY:
        field.notes.append(
            f"dates as month/day/year in {facts.share('american_date'):.1%} {judged}: kept as text, since the platform reads no such form"
        )
    elif facts.share("leading_zero") > 0 and facts.share("number") >= MOSTLY:
        field.notes.append("digits with leading zeros: a code, kept as text")
    elif facts.share("number") >= MOSTLY and "code" in says and facts.decimals == 0 and facts.digits > _COUNTED:
        field.notes.append("digits, and the name says a code: kept as text")
    elif facts.share("number") >= MOSTLY and facts.digits > 15:
        field.notes.append(f"up to {facts.digits} digits: a code, kept as text")
    elif facts.share("integer") >= MOSTLY and facts.decimals == 0:
        if facts.distinct <= 2 and {*facts.values} <= {"0", "1"} and field.name.startswith(("is_", "has_", "shifou")):
            field.logical_type = "boolean"
        else:
            field.logical_type = "integer"
        _note_share(field, field.logical_type, facts.share("integer"), judged)
    elif facts.share("number") >= MOSTLY:
        field.logical_type = "number"
        if facts.decimals <= 4:
            field.physical_type = f"decimal({max(18, facts.digits + facts.decimals + 4)},{max(2, facts.decimals)})"
        _note_share(field, field.physical_type or "number", facts.share("number"), judged)
    elif facts.share("boolean") >= 0.99 and 1 < facts.distinct <= 4:
        field.logical_type = "boolean"
        _note_share(field, "boolean", facts.share("boolean"), judged)


def _is_number_code(facts: ColumnFacts, says: frozenset[str]) -> bool:
    """Eight digits may be a day or a number: without a name that says a time, every one of them must be a day."""
    eight_digits = facts.share("integer") >= MOSTLY
    return (
        eight_digits and "event" not in says and "birth" not in says and (facts.share("moment") < 1.0 or "code" in says)
    )


def _note_share(field: DraftField, what: str, share: float, judged: str) -> None:
    if share < 1.0:
        field.notes.append(f"{what} in {share:.2%} {judged}; the others go to quarantine")


def _classify(field: DraftField, facts: ColumnFacts, says: frozenset[str]) -> None:
    if field.semantic_type in _PERSONAL or says & {"birth", "bank_card", "phone"} or facts.share("email") >= 0.5:
        field.classification = "sensitive"


def classify_beside_persons(fields: list[DraftField], facts: Mapping[str, ColumnFacts]) -> None:
    """Beside a resident id, what is called `name` is a person's; addresses and sums of money are personal where the row is about a person."""
    if any(f.semantic_type == "resident_id" for f in fields):
        for field in fields:
            if field.name == "name" and facts[field.physical_name].share("han_name") >= MOSTLY:
                _means(
                    field,
                    "person_name",
                    f"2 to 4 characters in {facts[field.physical_name].share('han_name'):.1%} of values, beside a resident id",
                )
                field.classification = "sensitive"
    if any(f.semantic_type in ("resident_id", "person_name") for f in fields):
        for field in fields:
            if hints(field.physical_name, field.label, field.description) & {"address", "money"}:
                field.classification = "sensitive"
