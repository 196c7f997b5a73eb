"""The kinds of island: what each is, which register of the city it is looked for in, and what its owner has to do."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.model import Label


@dataclass(frozen=True)
class Kind:
    """`role` is the role of the register it is looked for in, empty where contracts and loads are enough; docs/islands.md defines each."""

    code: str
    label: Label
    remedy: Label
    role: str = ""


_ALL = (
    Kind(
        "project_no_data_list",
        Label("project without a data list", "立项未提交数据清单"),
        Label(
            "file the list of data the project will share, as approval requires; until then it gets no money",
            "补交数据清单；未提交的，不予安排后续资金",
        ),
        "project_register",
    ),
    Kind(
        "project_not_catalogued",
        Label("project accepted without a catalogue entry", "验收未编目的项目"),
        Label(
            "publish the project's data in the catalogue; acceptance counts only with it",
            "将项目数据编入政务数据目录；未编目不得视为通过验收",
        ),
        "project_register",
    ),
    Kind(
        "project_not_pooled",
        Label("project accepted without pooled data", "验收未归集的项目"),
        Label(
            "load the project's data: write a contract for it (landbridge draft) and let it run",
            "归集项目数据：编写数据契约（landbridge draft）并按期加载",
        ),
        "project_register",
    ),
    Kind(
        "system_not_catalogued",
        Label("system in service without a catalogue entry", "在用系统未编目"),
        Label(
            "catalogue the system's data, or say why it holds none that may be catalogued",
            "将系统数据编入政务数据目录，或者说明不编目的法定理由",
        ),
        "system_register",
    ),
    Kind(
        "entry_no_system",
        Label("catalogue entry that no system in service holds", "目录无在用系统"),
        Label(
            "enter the system the data comes from in the system register, or take the entry out of the catalogue",
            "在系统登记簿登记其来源系统，或者撤销该目录",
        ),
        "system_register",
    ),
    Kind(
        "entry_no_data",
        Label("catalogue entry without data", "有目录无数据"),
        Label(
            "deliver the data the entry promises, or take the entry out of the catalogue",
            "按目录提供数据，或者撤销该目录",
        ),
    ),
    Kind(
        "zombie",
        Label("resource that is no longer kept up", "僵尸数据资源"),
        Label(
            "find out why nothing new comes and deliver again, or declare that the resource has ended",
            "查明停更原因并恢复更新，或者申请注销该数据资源",
        ),
    ),
    Kind(
        "same_item",
        Label("item collected again that sharing gives", "重复采集数据项"),
        Label(
            "ask the source department for the item (landbridge request submit) and stop collecting it",
            "向数源部门申请共享该数据项（landbridge request submit），停止重复采集",
        ),
    ),
    Kind(
        "papers_again",
        Label("service item that asks for papers the lake holds", "仍要求提交已归集材料的事项"),
        Label(
            "look the paper up by sharing and take it off the item's list", "通过共享核验，并从申请材料清单中删除该材料"
        ),
        "service_guide",
    ),
    Kind(
        "paper_only",
        Label("paper archive that blocks requests", "纸质档案未数字化，致使申请无法满足"),
        Label(
            "digitise the volumes asked for first and load them; then the requests can be granted",
            "优先数字化被申请的案卷并归集入湖，再办理相应申请",
        ),
        "paper_holdings",
    ),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}
