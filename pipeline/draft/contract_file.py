"""A draft as the text of a contract, with what was measured as comments. The same draft gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.draft.model import Draft, DraftField, DraftRule

OWNER = "to_be_named"
_FORMATS = {
    "database": ("数据库", "database", "table"), "http_api": ("服务接口", "interface", "api"), "excel_files": ("电子表格", "file", "file"),
    "json_lines": ("自描述格式", "file", "file"), "xml_files": ("自描述格式", "file", "file"),
}  # fmt: skip
_CONDITION = "To be decided by the department; nothing is shared before"


def contract_text(draft: Draft, resource_code: str) -> str:
    """The contract's YAML. `resource_code` is a placeholder that no other resource of the city has."""
    return "\n".join([*_head(draft), *_properties(draft, resource_code), *_schema(draft), ""])


def code_list_text(values: list[str]) -> str:
    """A code list file whose names are the codes themselves until somebody knows better."""
    return "".join(["code,name,valid_from,valid_to,successor\n", *(f"{_cell(v)},{_cell(v)},,,\n" for v in values)])


def _head(draft: Draft) -> Iterator[str]:
    count = f"{draft.rows:,} rows" if draft.is_whole else f"the first {draft.rows:,} rows"
    yield f"# Drafted by `landbridge draft` from {count} of {_comment(draft.table.physical_name)}. Figures in comments are measured; lines with TODO need a person."
    if draft.malformed:
        yield f"# {draft.malformed:,} lines are no records of this table: they will stand in quarantine under the rule malformed_line."
    yield "apiVersion: v3.1.0"
    yield "kind: DataContract"
    yield f"id: {_scalar(draft.id)}"
    yield f"name: {_scalar(draft.label)}"
    yield "version: 0.1.0"
    yield "status: draft"
    yield f"domain: {_scalar(draft.department)}"
    yield f"description: {{purpose: {_scalar(f'TODO: what {draft.label} is kept for.')}}}"
    yield "team:"
    yield f"  name: {_scalar(draft.label)}"
    yield f"  members: [{{username: {OWNER}, role: owner}}]  # TODO: who answers for this resource"
    yield "servers:"
    yield f"  - server: {_scalar(draft.system.id)}"
    yield "    type: custom"
    yield "slaProperties:  # TODO: agree the cycle with the department"
    yield "  - {property: frequency, value: 1, unit: d}"
    yield "  - {property: latency, value: 12, unit: h}"


def _properties(draft: Draft, resource_code: str) -> Iterator[str]:
    format, way, _ = _FORMATS.get(draft.system.connector, ("电子文件", "file", "file"))
    yield "customProperties:"
    yield f"  # {_comment(draft.load_reason)}"
    yield f"  - {{property: loadMode, value: {draft.load_mode}}}"
    if draft.watermark:
        hours = int(draft.watermark.lookback.total_seconds() // 3600)
        yield f"  - {{property: watermark, value: {{column: {_scalar(draft.watermark.column)}, lookbackHours: {hours}}}}}"
        yield "  # TODO: deletions – which value marks a deleted row, or {mode: absence}; without it rows are never deleted"
    if draft.table.source:
        yield f"  - {{property: source, value: {_scalar(dict(draft.table.source))}}}"
    if draft.ignored:
        for name, why in draft.ignored.items():
            yield f"  # {_comment(name)}: {_comment(why)}"
        yield f"  - {{property: ignoredColumns, value: {_scalar(list(draft.ignored))}}}"
    yield f"  # {_comment(draft.expected_reason)}"
    expected = {k: v for k, v in (("min", draft.expected_rows.min), ("max", draft.expected_rows.max)) if v is not None}
    if expected:
        yield f"  - {{property: expectedRows, value: {_scalar(expected)}}}"
    yield f"  - {{property: quarantineLimit, value: {draft.quarantine_limit}}}"
    yield "  # TODO: unconditional, conditional or not_shared (with its legalGround) is the department's decision on a ground only a person knows"
    yield "  - {property: shareType, value: conditional}"
    yield f"  - {{property: shareCondition, value: {_CONDITION}}}"
    yield "  # TODO: the code of the national catalogue guide; zeros stand for none"
    yield f"  - {{property: resourceCode, value: {_scalar(resource_code)}}}"
    yield f"  - {{property: format, value: {format}}}"
    yield f"  - {{property: shareWay, value: {way}}}"


def _schema(draft: Draft) -> Iterator[str]:
    _, _, kind = _FORMATS.get(draft.system.connector, ("", "", "file"))
    yield "schema:"
    yield f"  - name: {_scalar(draft.name)}"
    yield f"    physicalName: {_scalar(draft.table.physical_name)}"
    yield f"    physicalType: {kind}"
    yield f"    businessName: {_scalar(draft.label)}"
    remark = draft.table.comments.get("", "")
    yield f"    description: {_scalar(remark or f'TODO: one row of {draft.label} is what?')}"
    if draft.rules:
        yield "    quality:"
        for rule in draft.rules:
            yield from _rule(rule, "      ")
    yield f"    # key: {_comment(draft.key_note)}"
    yield "    properties:"
    for field in draft.fields:
        yield from _field(field)


def _field(field: DraftField) -> Iterator[str]:
    yield f"      - name: {_scalar(field.name)}"
    yield f"        physicalName: {_scalar(field.physical_name)}"
    yield f"        businessName: {_scalar(field.label)}"
    if field.description:
        yield f"        description: {_scalar(field.description)}"
    for note in field.notes:
        yield f"        # {_comment(note)}"
    yield f"        logicalType: {field.logical_type}"
    if field.physical_type:
        yield f"        physicalType: {field.physical_type}"
    if field.primary_key:
        yield "        primaryKey: true"
    if field.required:
        yield "        required: true"
    if field.semantic_type:
        yield f"        semanticType: {field.semantic_type}"
    yield f"        classification: {field.classification}"
    if field.null_values:
        yield "        customProperties:"
        yield f"          - {{property: nullValues, value: {_scalar(list(field.null_values))}}}"
    if field.rules:
        yield "        quality:"
        for rule in field.rules:
            yield from _rule(rule, "          ")


def _rule(rule: DraftRule, indent: str) -> Iterator[str]:
    if rule.judged:
        right = rule.judged - rule.failing
        yield f"{indent}# holds for {_share(right, rule.judged)} of {rule.judged:,} values" + (
            f"; {rule.failing:,} break it" if rule.failing else ""
        )
    else:
        yield f"{indent}# no value to judge yet"
    yield f"{indent}- type: custom"
    yield f"{indent}  engine: greatExpectations"
    if rule.name:
        yield f"{indent}  name: {_scalar(rule.name)}"
    yield f"{indent}  severity: {rule.severity}"
    yield f"{indent}  dimension: {rule.dimension}"
    kwargs = f", kwargs: {_scalar(rule.kwargs)}" if rule.kwargs else ""
    yield f"{indent}  implementation: {{type: {rule.type}{kwargs}}}"


def _share(right: int, judged: int) -> str:
    """Per cent with two decimals, never rounded up to all of them."""
    return "100 %" if right == judged else f"{int(right / judged * 10000) / 100:.2f} %"


def _scalar(value: Any) -> str:
    """A value as it may stand inside a flow mapping, on one line."""
    text = yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=float("inf"), sort_keys=False)
    return text.strip().removeprefix("[").removesuffix("]")


def _comment(text: str) -> str:
    """Text on one line: a name of the source may hold a line end."""
    return "".join(c if c.isprintable() else " " for c in text)


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(c in value for c in '",\r\n') else value
