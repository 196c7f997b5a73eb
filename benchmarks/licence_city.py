"""The city of the benchmark: one department, one system, and the contract of the licence table with its 24 rules."""

from __future__ import annotations

from pathlib import Path

_CITY = """
id: benchmark
name: {en: Benchmark, zh: 基准}
timezone: Asia/Shanghai
schedule: "0 2 * * *"
start: 2020-05-04
"""
_SYSTEMS = """
- {id: licences, department: approval, name: {en: Licence store, zh: 证照库}, connector: KIND, connection: CONNECTION}
"""
_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: approval.licence
name: 证照 Licences
version: 1.0.0
status: active
domain: approval
team: {name: licences, members: [{username: bench, role: owner}]}
servers: [{server: licences, type: custom}]
slaProperties: [{property: frequency, value: 1, unit: d}]
customProperties:
  - {property: loadMode, value: MODE}
MORE  - {property: quarantineLimit, value: 0.05}
  - {property: expectedRows, value: {min: 1}}
  - {property: shareType, value: unconditional}
  - {property: resourceCode, value: "3061000/1"}
  - {property: format, value: 电子文件}
  - {property: shareWay, value: file}
schema:
  - name: licence
    physicalName: PHYSICAL
    businessName: 证照信息
    description: One row a licence.
    properties:
      - {name: licence_no, physicalName: 证照编号, logicalType: string, primaryKey: true, logicalTypeOptions: {maxLength: 20}}
      - {name: resident_id, physicalName: 公民身份号码, logicalType: string, semanticType: resident_id, classification: sensitive}
      - {name: name, physicalName: 姓名, logicalType: string, semanticType: person_name, required: true}
      - {name: gender, physicalName: 性别, logicalType: string, semanticType: gender}
      - {name: birth_date, physicalName: 出生日期, logicalType: date, logicalTypeOptions: {minimum: "1890-01-01"}}
      - {name: phone, physicalName: 电话, logicalType: string, semanticType: phone}
      - {name: address, physicalName: 住址, logicalType: string, logicalTypeOptions: {maxLength: 200}}
      - name: division_code
        physicalName: 行政区划
        logicalType: string
        semanticType: division_code
        quality:
          - type: custom
            engine: greatExpectations
            severity: error
            implementation: {type: expect_column_values_to_be_in_code_list, kwargs: {code_list: divisions}}
      - {name: credit_code, physicalName: 统一社会信用代码, logicalType: string, semanticType: credit_code}
      - {name: firm_name, physicalName: 企业名称, logicalType: string}
      - {name: kind, physicalName: 类型, logicalType: string, logicalTypeOptions: {pattern: "[A-Z][0-9]{2}"}}
      - {name: issued_on, physicalName: 发证日期, logicalType: date, required: true}
      - {name: expires_on, physicalName: 有效期至, logicalType: date}
      - {name: fee, physicalName: 费用, logicalType: number, physicalType: "decimal(12,2)", logicalTypeOptions: {minimum: 0}}
      - {name: area, physicalName: 面积, logicalType: number}
      - {name: staff, physicalName: 人数, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 100000}}
      - {name: active, physicalName: 是否有效, logicalType: boolean}
      - {name: status, physicalName: 状态, logicalType: string}
      - {name: updated_at, physicalName: 更新时间, logicalType: timestamp, required: true}
      - {name: remark, physicalName: 备注, logicalType: string}
    quality:
      - type: custom
        engine: greatExpectations
        severity: error
        implementation: {type: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: expires_on, column_B: issued_on, or_equal: true}}
"""


def write_city(folder: Path, kind: str, mode: str, where: str) -> None:
    """The city whose licences lie in a source of that kind: in `${LANDBRIDGE_SOURCES}` or, with a database, at the URL `where`."""
    is_database = kind in ("postgresql", "mariadb")
    connector = {"csv": "csv_files", "gb18030": "csv_files", "parquet": "parquet_files"}.get(kind, "database")
    more = ""
    if kind == "gb18030":
        more += "  - {property: source, value: {encoding: gb18030}}\n"
    if mode == "merge" and is_database:
        more += "  - {property: watermark, value: {column: updated_at, lookbackHours: 1}}\n"
    systems = _SYSTEMS.replace("KIND", connector).replace(
        "CONNECTION", f'{{url: "{where}"}}' if is_database else '{root: "${LANDBRIDGE_SOURCES}"}'
    )
    contract = _CONTRACT.replace("MODE", mode).replace("MORE", more)
    files = {
        "city.yaml": _CITY, "departments.yaml": "- {id: approval, name: 审批局, contact: bench}\n",
        "systems.yaml": systems, "contracts/approval/licence.yaml": contract.replace("PHYSICAL", table_name(kind)),
        "code_lists/divisions.csv": "code,name\n" + "".join(f"{code},x\n" for code in (370202, 370203, 370211, 370212, 370213, 370281)),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def table_name(kind: str) -> str:
    """The table's or the file's name in a source of that kind."""
    return {"csv": "licences.csv", "gb18030": "licences_gb18030.csv", "parquet": "licences.parquet"}.get(
        kind, "licence"
    )
