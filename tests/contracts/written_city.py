"""A city folder of one department and one sound contract, in which a test writes its mistake."""

from __future__ import annotations

from pathlib import Path

from contracts.catalogue import City, load_city
from contracts.check import SettingsCheck, check_city
from contracts.mistakes import Mistake

KINDS = ("csv_files", "database")
CONTRACT = "contracts/civil/marriage.yaml"

_FILES = {
    "city.yaml": """
id: testville
name: {en: Testville, zh: 试验市}
timezone: Asia/Shanghai
schedule: "0 2 * * *"
start: 2020-05-04
end: 2020-05-06
""",
    "departments.yaml": """
- {id: civil, name: {en: Civil affairs, zh: 民政局}, credit_code: "11370200MB2850139N", contact: zhao.data}
""",
    "systems.yaml": """
- id: registry_files
  department: civil
  name: {en: Registry drop folder, zh: 登记交换目录}
  connector: csv_files
  connection: {root: "${LANDBRIDGE_SOURCES}/civil"}
""",
    "code_lists/divisions.csv": "code,name,valid_from,valid_to,successor\n370203,市北区,1994,,\n",
    CONTRACT: """
apiVersion: v3.1.0
kind: DataContract
id: civil.marriage
name: 婚姻登记信息 Marriages
version: 1.0.0
status: active
domain: civil
team: {name: registration, members: [{username: zhao.data, role: owner}]}
servers: [{server: registry_files, type: custom}]
slaProperties:
  - {property: frequency, value: 1, unit: d}
  - {property: latency, value: 12, unit: h}
customProperties:
  - {property: loadMode, value: merge}
  - {property: watermark, value: {column: updated_at, lookbackHours: 24}}
  - {property: source, value: {encoding: gb18030}}
  - {property: schedule, value: "30 1 * * *"}
  - {property: expectedRows, value: {min: 1, max: 1000}}
  - {property: shareType, value: conditional}
  - {property: shareCondition, value: Matters that need the marital status}
  - {property: resourceCode, value: "3061000/1"}
  - {property: format, value: 电子文件}
  - {property: shareWay, value: file}
schema:
  - name: marriage
    physicalName: marriage_{date}.csv
    businessName: 婚姻登记信息
    description: One row a registration.
    properties:
      - {name: certificate_no, physicalName: 证件字号, logicalType: string, primaryKey: true}
      - {name: spouse_a_id, physicalName: 男方身份证号, logicalType: string, semanticType: resident_id, classification: sensitive}
      - {name: registered_on, logicalType: date, logicalTypeOptions: {minimum: "1950-01-01"}}
      - {name: witnesses, logicalType: integer, logicalTypeOptions: {maximum: 9}}
      - {name: updated_at, logicalType: timestamp, required: true}
      - name: division_code
        logicalType: string
        semanticType: division_code
        quality:
          - type: custom
            engine: greatExpectations
            severity: error
            implementation: {type: expect_column_values_to_be_in_code_list, kwargs: {code_list: divisions}}
""",
}


class WrittenCity:
    """The folder; `change` writes a mistake, `mistakes` finds it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in _FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> WrittenCity:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def change(self, old: str, new: str, file: str = CONTRACT) -> WrittenCity:
        text = (self.folder / file).read_text(encoding="utf-8")
        assert old in text, old
        return self.write(file, text.replace(old, new, 1))

    def rule(self, type: str, kwargs: str = "{}", more: str = "severity: warning") -> WrittenCity:
        """Add a rule at the table."""
        rule = (
            f"{{type: custom, engine: greatExpectations, {more}, implementation: {{type: {type}, kwargs: {kwargs}}}}}"
        )
        return self.change("    properties:\n", f"    quality:\n      - {rule}\n    properties:\n")

    def second(self, name: str = "divorce") -> WrittenCity:
        """A second contract, like the first but for its name and code."""
        text = _FILES[CONTRACT].replace("marriage", name).replace("婚姻", "离婚").replace("3061000/1", "3061000/2")
        return self.write(f"contracts/civil/{name}.yaml", text)

    def read(self) -> City:
        return load_city(self.folder)

    def mistakes(self, check_settings: SettingsCheck | None = None) -> list[Mistake]:
        return check_city(self.read(), KINDS, check_settings)
