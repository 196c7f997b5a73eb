"""Paths in JSON documents: names and places are found, and nothing is left out in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.json_path import JsonPath, place
from contracts.errors import ConfigurationError

DOCUMENT = {
    "data": {"items": [1, 2], "the list": [{"rows": ["a"]}, {"rows": ["b", "c"]}], "总数": 3},
    "list": [[{"x": 1}], [{"x": 2}]],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", DOCUMENT), ("$", DOCUMENT), ("data.items", [1, 2]), ("$.data.items", [1, 2]), ('data["the list"][1].rows', ["b", "c"]),
        ('data["the list"][*].rows', ["a", "b", "c"]), ("data.items[-1]", 2), ("data.总数", 3), ("list[*][*].x", [1, 2]), ("list[0]", [{"x": 1}]),
        ("data.gone.items", None), ("data.items[7]", None), ("data.items.x", None), ("list[*].x", None), ("data[*]", None),
    ],
)  # fmt: skip
def test_a_path_leads_to_what_lies_there(path: str, found: Any) -> None:
    assert JsonPath.parse(path).find(DOCUMENT) == found


def test_an_item_without_the_member_is_not_passed_over() -> None:
    assert JsonPath.parse("[*].rows").find([{"rows": [1]}, {"row": [2]}]) is None


@pytest.mark.parametrize(
    "text",
    [".a", "a..b", "a.", "a b", "a[", "a[x]", "a[?x>1]", "..a", "a.*", "$a", 'a["b]', "a]", "@", "a[1]b", "a['b']"],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no"):
        JsonPath.parse(text)


@given(st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 3)), max_size=6))
def test_whatever_the_names_a_quoted_path_leads_there(steps: list[str | int]) -> None:
    document: Any = "here"
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [None] * step + [document]
    path = "".join(f"[{json.dumps(step)}]" for step in steps)
    assert JsonPath.parse(path).find(document) == "here"


def test_a_value_is_placed_without_touching_the_original() -> None:
    document = {"page": {"order": "id"}, "x": 1}
    assert place(document, "page.no", 2) == {"page": {"order": "id", "no": 2}, "x": 1}
    assert place(document, "x.y", 2)["x"] == {"y": 2}
    assert document == {"page": {"order": "id"}, "x": 1}
