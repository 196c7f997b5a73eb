"""Words that people use for the same thing, in both languages: what a request says and what a contract calls it.

A city's own words stand in `synonyms.yaml` of its folder, a list of lists; they are added to these.
"""

from __future__ import annotations

from pathlib import Path

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes
from contracts.reader import load_yaml

Group = tuple[str, ...]

_GROUPS: tuple[Group, ...] = (
    ("姓名", "名字", "person name", "full name"),
    ("公民身份号码", "身份证号", "身份证号码", "身份证", "居民身份证", "id card", "id number", "identity number", "resident id"),
    ("统一社会信用代码", "信用代码", "社会信用代码", "营业执照号", "税号", "纳税人识别号", "credit code", "uscc", "tax number"),
    ("法定代表人", "法人代表", "法人", "企业负责人", "legal representative", "representative"),
    ("联系电话", "电话", "电话号码", "手机", "手机号", "手机号码", "联系方式", "phone", "telephone", "mobile"),
    ("住址", "地址", "住所", "居住地址", "家庭住址", "坐落", "经营场所", "address"),
    ("行政区划", "区划", "所属区", "区县", "辖区", "division", "district"),
    ("性别", "gender", "sex"),
    ("业户名称", "车主", "vehicle owner"),
    ("接生机构", "医院", "医疗机构", "hospital"),
    ("新生儿", "孩子", "婴儿", "newborn", "child"),
    ("降水量", "降雨量", "雨量", "rainfall"),
    ("出生日期", "生日", "出生年月", "出生时间", "birth date", "date of birth", "birthday"),
    ("企业登记", "工商登记", "营业执照", "市场主体登记", "企业注册", "business licence", "business registration", "company register"),
    ("企业", "公司", "市场主体", "商户", "enterprise", "company", "firm"),
    ("企业名称", "公司名称", "单位名称", "company name", "enterprise name", "firm name"),
    ("注册资本", "注册资金", "registered capital", "capital"),
    ("成立日期", "设立日期", "established on", "date of establishment"),
    ("常住人口", "户籍", "户口", "人口", "resident population", "household registration"),
    ("婚姻登记", "婚姻", "婚姻状况", "结婚证", "结婚登记", "离婚登记", "marital status", "marriage"),
    ("不动产权", "不动产", "房产", "房产证", "房屋产权", "不动产权证", "real estate", "property right", "title deed"),
    ("社会保险", "社保", "参保", "social insurance", "social security"),
    ("住房公积金", "公积金", "provident fund", "housing fund"),
    ("学籍", "学生", "在校生", "student", "pupil"),
    ("残疾人证", "残疾证", "残疾", "disability certificate", "disability"),
    ("车牌号码", "车牌", "车牌号", "号牌", "plate number", "licence plate", "plate"),
    ("营运车辆", "车辆", "机动车", "vehicle", "car"),
    ("食品经营许可", "食品许可", "餐饮许可", "食品许可证", "food licence", "food permit"),
    ("排污许可", "排放许可", "排污许可证", "discharge permit"),
    ("宗地", "土地", "地块", "land parcel", "land"),
    ("用水", "水费", "供水", "water use", "water account"),
    ("纳税人", "税务登记", "taxpayer", "tax registration"),
    ("执业", "医师", "医生", "护士", "practitioner", "doctor", "nurse"),
    ("出生医学证明", "出生证", "出生证明", "birth certificate"),
    ("居住证", "暂住证", "residence permit"),
    ("电子证照", "证照", "电子证书", "e licence", "electronic licence"),
    ("诉求", "投诉", "热线", "hotline", "complaint"),
    ("气象", "天气", "weather", "meteorology"),
    ("危险源", "安全隐患", "hazard"),
    ("公务员", "干部", "civil servant", "official"),
    ("拖欠", "欠款", "账款", "debt", "arrears"),
    ("抵押", "按揭", "mortgage", "mortgaged"),
    ("有效期至", "到期日", "到期日期", "有效期", "expiry date", "expires on", "valid to"),
    ("民族", "ethnicity", "ethnic group"),
    ("监护人", "家长", "guardian"),
)  # fmt: skip


def read_synonyms(folder: Path) -> tuple[Group, ...]:
    """The groups that come with Landbridge and those of a city folder; ConfigurationError where its file is no list of lists of words."""
    path = folder / "synonyms.yaml"
    if not path.is_file():
        return _GROUPS
    mistakes = Mistakes(path.name)
    data = load_yaml(path, mistakes)
    if mistakes.found or not isinstance(data, list) or not all(_is_group(group) for group in data):
        raise ConfigurationError(
            "synonyms.yaml is no list of lists of words", where=str(folder), remedy="- [住址, 家庭住址, address]"
        )
    return (*_GROUPS, *(tuple(group) for group in data))


def _is_group(group: object) -> bool:
    return isinstance(group, list) and all(isinstance(word, str) and word.strip() for word in group)
