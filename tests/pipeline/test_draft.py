"""`landbridge draft`: what it recognises, what it writes, and that a night loads it as it is."""

from __future__ import annotations

import shutil

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from tests.pipeline.drafting import DraftingTable


def resident_id(n: int) -> str:
    body = f"370202{1950 + n % 50}{1 + n % 12:02}{1 + n % 28:02}{n % 1000:03}"
    return body + mod_11_2.calc_check_digit(body)


def credit_code(n: int) -> str:
    body = f"91370203MA3C{n:05}"
    return body + uscc.calc_check_digit(body)


def person(n: int) -> tuple[object, ...]:
    sex, phone = "男女"[n % 2], f"139{n:08}" if n % 5 else None
    return (
        resident_id(n),
        f"王{'一二三四五六七八九十'[n % 10]}",
        sex,
        phone,
        "37020" + "2345"[n % 4],
        f"2020-05-0{1 + n % 4} 08:00:{n % 60:02}",
    )


PERSONS = (("GMSFHM TEXT", "XM TEXT", "XB TEXT", "LXDH TEXT", "XZQH TEXT", "GXSJ TEXT"), [person(n) for n in range(60)])
FIRMS = (
    ("统一社会信用代码 TEXT", "企业名称 TEXT", "法定代表人身份证号 TEXT", "注册资本 DECIMAL(18,2)", "成立日期 DATE", "状态 TEXT", "编号 INTEGER PRIMARY KEY"),
    [
        (credit_code(n), f"青岛{n}号商贸有限公司", resident_id(n % 60), f"{n}.50", f"20{10 + n % 10}-0{1 + n % 9}-15", "存续" if n % 3 else "注销", n)
        for n in range(80)
    ],
)  # fmt: skip


def test_a_database_is_drafted_and_loaded_as_it_was_drafted(desk: DraftingTable) -> None:
    source = desk.database("people.sqlite", {"T_CZRK": PERSONS, "企业登记": FIRMS})

    drafted = desk.begun(str(source), "--all")
    checked, ran = desk.run("catalogue", "check"), desk.run("run")

    assert checked.exit_code == 0, checked.output
    assert ran.exit_code == 0, (ran.output, ran.exception)
    assert "60 extracted = 60 accepted + 0 quarantined" in ran.output
    assert "80 extracted = 80 accepted + 0 quarantined" in ran.output
    assert "owner, purpose, resource code, share type" in drafted.output


def test_types_keys_identifiers_and_watermark_are_recognised(desk: DraftingTable) -> None:
    divisions = "code,name,valid_from,valid_to,successor\n" + "".join(f"37020{n},区,,,\n" for n in range(10))
    desk.run("draft", str(desk.csv("none.csv", ["a,b", "1,2"])), "--new-city", "Testville", "--department", "office")
    (desk.city_folder / "code_lists").mkdir(exist_ok=True)
    (desk.city_folder / "code_lists" / "divisions.csv").write_text(divisions, encoding="utf-8")
    source = desk.database("people.sqlite", {"T_CZRK": PERSONS, "企业登记": FIRMS})

    assert desk.run("draft", str(source), "--all").exit_code == 0

    person, firm = desk.city.resource("office.t_czrk"), desk.city.resource("office.qiyedengji")
    meanings = {f.physical_name: f.semantic_type for f in person.fields}
    assert meanings == {
        "GMSFHM": "resident_id", "XM": "person_name", "XB": "gender", "LXDH": "phone", "XZQH": "division_code", "GXSJ": None,
    }  # fmt: skip
    assert person.key == ("gmsfhm",)
    assert person.load_mode == "merge"
    assert person.watermark is not None and person.watermark.column == "gxsj"
    assert [f.classification for f in person.fields[:4]] == ["sensitive", "sensitive", "internal", "sensitive"]
    assert {"divisions"} == {
        r.kwargs["code_list"] for r in person.rules if r.column == "xzqh" and "code_list" in r.kwargs
    }
    named = {f.name: (f.logical_type, f.semantic_type, f.physical_type) for f in firm.fields}
    assert named["credit_code"] == ("string", "credit_code", None)
    assert named["representative_resident_id"] == ("string", "resident_id", None)
    assert named["zhuceziben"] == ("number", None, "decimal(18,2)")
    assert named["chengli_date"] == ("date", None, None)
    assert firm.key == ("no",)  # the source's own key comes before what is unique by chance
    assert firm.load_mode == "snapshot"
    references = [r for r in firm.rules if r.type.endswith("exist_in_resource")]
    assert [(r.column, r.kwargs, r.severity) for r in references] == [
        ("representative_resident_id", {"resource": "office.t_czrk", "field": "gmsfhm"}, "warning")
    ]


def test_rules_carry_what_was_measured(desk: DraftingTable) -> None:
    rows = [f"{n:05},{'AB'[n % 2]}{n:03}" for n in range(99)] + ["00099,what"]
    desk.begun(str(desk.csv("permits.csv", ["permit_no,plate_no", *rows])))

    text = desk.text("permits")

    assert "# holds for 100 % of 100 values\n" in text
    assert "# holds for 99.00 % of 100 values; 1 break it\n" in text
    assert "pattern: '[0-9]{5}'" in text


def test_a_code_with_leading_zeros_stays_text_and_a_number_does_not(desk: DraftingTable) -> None:
    rows = [
        f"{n:04},{n},{n}.25,2020050{1 + n % 9},2020-05-0{1 + n % 9} 10:2{n % 10},{'是否'[n % 2]}" for n in range(40)
    ]
    desk.begun(str(desk.csv("t.csv", ["a,b,c,登记日期,更新时间,有效", *rows])))

    types = {f.physical_name: f.logical_type for f in desk.city.resource("office.t").fields}

    assert types == {
        "a": "string",
        "b": "integer",
        "c": "number",
        "登记日期": "date",
        "更新时间": "timestamp",
        "有效": "boolean",
    }


def test_fifteen_digits_that_a_hyphen_parts_are_no_resident_ids(desk: DraftingTable) -> None:
    rows = [f"{1543900 + n}-20050216,{n}" for n in range(40)]
    desk.begun(str(desk.csv("licences.csv", ["id,n", *rows])))

    assert "resident_id" not in desk.text("licences")


def test_few_values_become_a_proposed_list_that_only_warns(desk: DraftingTable) -> None:
    rows = [f"{n},{('open', 'closed')[n % 2]}" for n in range(40)]
    result = desk.begun(str(desk.csv("cases.csv", ["id,state", *rows])))

    (rule,) = [r for r in desk.city.resource("office.cases").rules if r.column == "state" and "code_list" in r.kwargs]
    listed = (desk.city_folder / "code_lists" / "cases_state.csv").read_text(encoding="utf-8")

    assert (rule.severity, rule.kwargs) == ("warning", {"code_list": "cases_state"})
    assert listed == "code,name,valid_from,valid_to,successor\nclosed,closed,,,\nopen,open,,,\n"
    assert "confirm code_lists/cases_state.csv" in result.output


def test_a_rule_that_too_many_rows_break_today_only_warns_and_the_night_loads(desk: DraftingTable) -> None:
    divisions = "code,name,valid_from,valid_to,successor\n370202,市南区,,,\n"
    desk.begun(str(desk.csv("none.csv", ["a,b", "1,2"])))
    (desk.city_folder / "code_lists").mkdir(exist_ok=True)
    (desk.city_folder / "code_lists" / "divisions.csv").write_text(divisions, encoding="utf-8")
    wrong = [f"{resident_id(n)[:-1]}{'X' if resident_id(n)[-1] != 'X' else '1'}" for n in range(12)]
    rows = [f"{no},{n}" for n, no in enumerate([resident_id(n) for n in range(48)] + wrong)]

    assert desk.run("draft", str(desk.csv("ids.csv", ["身份证号,序号", *rows]))).exit_code == 0

    field = desk.city.resource("office.ids").fields[0]
    rule = next(r for r in desk.city.resource("office.ids").rules if r.type.endswith("resident_id_check_digit"))
    assert (field.semantic_type, rule.severity) == (None, "warning")
    assert desk.run("run", "office.ids").exit_code == 0


def test_the_same_source_gives_the_same_bytes_and_nothing_is_overwritten(desk: DraftingTable) -> None:
    source = desk.database("people.sqlite", {"T_CZRK": PERSONS, "企业登记": FIRMS})
    desk.begun(str(source), "--all")
    first = desk.text("qiyedengji")

    again = desk.run("draft", str(source), "--all")

    assert again.exit_code == 1
    assert "loads it already" in again.output
    assert desk.text("qiyedengji") == first
    for folder in ("contracts", "code_lists"):
        shutil.rmtree(desk.city_folder / folder)
    assert desk.run("draft", str(source), "--all").exit_code == 0
    assert desk.text("qiyedengji") == first
