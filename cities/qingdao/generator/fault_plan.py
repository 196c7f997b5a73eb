"""Which resource suffers what on which nights: the injected faults as data.

`count` is for scale 1 and grows with the city. `rules` are exactly the error-level rules that each faulty row must break; a value that cannot be
read as its type is empty afterwards, so a required field breaks two.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowFault:
    """A fault of single rows: from night `first` to night `last` the rows are at the source as the fault leaves them.

    After `last` the department has corrected them. `column` is physical; `other` is the second column of a swap or a comparison, `value` what is
    written where the kind does not follow from the value that was there.
    """

    resource: str
    kind: str
    column: str
    count: int
    rules: tuple[str, ...] = ()
    effect: str = "quarantined"
    first: int = 1
    last: int = 3
    other: str = ""
    value: str | float | None = None
    share: float | None = None  # of the night's rows, in place of `count`


@dataclass(frozen=True)
class SourceFault:
    """A fault of a whole source on one night; `error` is the class of the error its run must end with, empty for a warning."""

    resource: str
    kind: str
    night: int
    error: str
    column: str = ""


ROW_FAULTS: tuple[RowFault, ...] = (
    RowFault("public_security.resident", "unknown_code", "XZQH", 6, ("division_code.in_code_list",), value="379999"),
    RowFault("public_security.resident", "mojibake", "XM", 2, ("name.readable",), first=2),
    RowFault("public_security.resident", "late_row", "GXSJ", 3, effect="loaded", first=2),
    RowFault("public_security.residence_permit", "impossible_date", "YXQZ", 4, ("expires_on.castable", "expires_on.not_null"), last=2, value="2020-02-30"),
    RowFault("public_security.residence_permit", "padded_text", "JZDZ", 8, effect="repaired"),
    RowFault("civil_affairs.marriage", "bad_check_digit", "男方身份证号", 2, ("spouse_a_id.check_digit",)),
    RowFault("civil_affairs.marriage", "mojibake", "女方姓名", 1, ("spouse_b_name.readable",), first=2),
    RowFault("civil_affairs.marriage", "duplicate_key", "登记机关", 1, effect="replaced", value="民政局婚姻登记处（补录）"),
    RowFault("civil_affairs.marriage", "full_width_digits", "女方身份证号", 2, effect="repaired"),
    RowFault("civil_affairs.social_organisation", "duplicate_key", "业务主管单位", 2, effect="replaced", value="青岛市文化和旅游局"),
    RowFault("civil_affairs.social_organisation", "null_required", "名称", 1, ("name.not_null",), last=1),
    RowFault("market_supervision.enterprise", "negative_amount", "regcap", 3, ("capital.minimum",)),
    RowFault("market_supervision.enterprise", "unknown_code", "industryco", 1, ("industry_code.in_code_list",), first=2, last=2, value="Z9999"),
    RowFault("market_supervision.enterprise", "bad_check_digit", "lerep_certno", 2, ("representative_id.check_digit",), first=2),
    RowFault("market_supervision.enterprise", "late_row", "updatetime", 3, effect="loaded", first=2),
    RowFault("market_supervision.food_licence", "reversed_dates", "有效期至", 3, ("expires_on.after_issue",), other="发证日期", value="2014-01-01"),
    RowFault("market_supervision.food_licence", "unknown_code", "经营项目", 2, ("category.in_code_list",), last=2, value="X0"),
    RowFault("human_resources.social_insurance", "negative_amount", "月缴费基数", 4, ("monthly_base.minimum",)),
    RowFault("human_resources.social_insurance", "bad_check_digit", "单位统一社会信用代码", 3, ("employer_code.check_digit",), last=2),
    RowFault("housing.property_right", "late_row", "GXSJ", 3, effect="loaded", first=2),
    RowFault("housing.property_right", "out_of_range", "JZMJ", 3, ("area.maximum",), value="98765432.10"),
    RowFault("housing.provident_fund", "swapped_columns", "ZJHM", 3, ("holder_id.check_digit", "employer_code.check_digit"), other="DWXYDM"),
    RowFault("health.birth_certificate", "full_width_digits", "mother_id", 2, effect="repaired"),
    RowFault("health.birth_certificate", "out_of_range", "weight_g", 1, ("weight.maximum",), value="33000"),
    RowFault("health.practitioner", "mojibake", "name", 2, ("name.readable",)),
    RowFault("education.student", "null_required", "姓名", 2, ("name.not_null",), last=1),
    RowFault("education.student", "out_of_range", "年级", 2, ("grade.maximum",), first=2, value=13),
    RowFault("tax.taxpayer", "uncastable_number", "上年应纳税额", 3, ("tax_due.castable",), value="叁佰万元"),
    RowFault("tax.taxpayer", "full_width_digits", "法定代表人证件号码", 5, effect="repaired"),
    RowFault("water.enterprise_account", "bad_check_digit", "统一社会信用代码", 4, ("credit_code.check_digit",), last=2),
    RowFault("water.enterprise_account", "held_back", "统一社会信用代码", 0, ("credit_code.check_digit",), "held", 3, 3, share=0.032),
    RowFault("transport.vehicle", "bad_pattern", "车架号", 2, ("vin.pattern",), first=2, value="LSD00000000000IOQ"),
    RowFault("transport.vehicle", "duplicate_key", "业户名称", 2, effect="replaced", value="青岛补录运输有限公司"),
    RowFault("transport.vehicle", "late_row", "更新时间", 2, effect="loaded", first=3),
    RowFault("natural_resources.land_parcel", "uncastable_number", "面积/宗地面积", 2, ("parcel_area.castable", "parcel_area.not_null"), value="约1200"),
    RowFault("disabled_federation.certificate", "null_key", "残疾人证号", 2, ("certificate_no.not_null",)),
    RowFault("disabled_federation.certificate", "full_width_digits", "身份证号", 3, effect="repaired"),
    RowFault("approval.e_licence", "unknown_code", "证照类型代码", 3, ("kind.in_code_list",), first=2, value="99"),
    RowFault("emergency.hazard_site", "out_of_range", "纬度", 2, ("latitude.maximum",), last=2, value="63.100000"),
    RowFault("ecology.discharge_permit", "negative_amount", "年许可排放量", 2, ("yearly_limit.minimum",)),
    RowFault("meteorology.station_reading", "out_of_range", "temperature", 2, ("temperature.maximum",), value=99.9),
)  # fmt: skip

SOURCE_FAULTS: tuple[SourceFault, ...] = (
    SourceFault("ecology.discharge_permit", "truncated_file", 2, "SourceBroken"),
    SourceFault("meteorology.station_reading", "department_down", 2, "SourceUnavailable"),
    SourceFault("tax.taxpayer", "added_column", 2, "", column="社保缴费人数"),
    SourceFault("emergency.hazard_site", "removed_column", 3, "SchemaDrift", column="联系电话"),
)
