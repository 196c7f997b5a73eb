"""A model's file as a test writes it."""

from __future__ import annotations

from pathlib import Path

FIRM = """/*---
name: mart.firm
label: {en: Firms, zh: 企业}
description: {en: One row a firm., zh: 每户企业一行。}
key: [firm_id]
increment: firm_id
inputs:
  market.firm: {by: credit_code}
  reference.industries: {}
columns:
  firm_id: {type: VARCHAR, en: Id of the firm, zh: 企业标识}
  industry: {type: VARCHAR, en: Industry, zh: 行业}
  employees: {type: BIGINT, en: Employees, zh: 职工人数}
---*/
SELECT f.credit_code AS firm_id, i.name AS industry, f.men + f.women AS employees
FROM market.firm AS f LEFT JOIN reference.industries AS i ON i.code = f.industry_code
"""

INDUSTRY = """/*---
name: mart.industry
label: {en: Industries, zh: 行业}
description: {en: One row an industry., zh: 每个行业一行。}
key: [industry]
inputs:
  mart.firm: {}
columns:
  industry: {type: VARCHAR, en: Industry, zh: 行业}
  firms: {type: BIGINT, en: Firms, zh: 企业数}
  employees: {type: BIGINT, en: Employees, zh: 职工人数}
---*/
WITH known AS (SELECT industry, employees FROM mart.firm WHERE industry IS NOT NULL)
SELECT industry, count(*) AS firms, CAST(sum(employees) AS BIGINT) AS employees FROM known GROUP BY industry
"""

TABLES = {
    "market.firm": {"credit_code": "VARCHAR", "industry_code": "VARCHAR", "men": "BIGINT", "women": "BIGINT"},
    "reference.industries": {"code": "VARCHAR", "name": "VARCHAR"},
}


def write(root: Path, **files: str) -> Path:
    """A folder of models with these files in the schema `mart`."""
    folder = root / "models"
    (folder / "mart").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "mart" / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder
