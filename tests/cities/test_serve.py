"""The sample city's JSON service, asked as a connector would ask it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest

from cities.qingdao import serve
from cities.qingdao.generator.sources import switch
from tests.cities.conftest import TOKEN, Sample


def ask(port: int, path: str, token: str = TOKEN, **query: object) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}?{urlencode(query)}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)["data"]
        return found


def status(port: int, path: str, token: str = TOKEN, **query: object) -> int:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(port, path, token, **query)
    caught.value.close()
    return caught.value.code


def test_pages_together_hold_every_row_once(api_port: int) -> None:
    total = ask(api_port, "/v1/enterprises", size=1)["total"]
    pages = [ask(api_port, "/v1/enterprises", page=n, size=20) for n in range(1, total // 20 + 2)]
    codes = [item["uniscid"] for page in pages for item in page["items"]]
    assert len(codes) == len(set(codes)) == total
    assert {page["total"] for page in pages} == {total}


def test_a_cursor_leads_to_the_end(api_port: int) -> None:
    cursor, seen = None, 0
    while True:
        answer = ask(api_port, "/v1/stations", size=200, **({"cursor": cursor} if cursor else {}))
        seen += len(answer["items"])
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == len(ask(api_port, "/v1/stations", size=5000)["items"]) > 200


def test_the_filter_is_half_open(api_port: int) -> None:
    all_of_an_hour = {"updated_from": "2020-05-04T10:00:00+08:00", "updated_to": "2020-05-04T11:00:00+08:00"}
    hours = {item["observed"] for item in ask(api_port, "/v1/stations", **all_of_an_hour)["items"]}
    assert hours == {"2020-05-04T10:00:00+08:00"}


def test_a_wrong_token_is_refused(api_port: int) -> None:
    assert status(api_port, "/v1/enterprises", token="wrong") == 401


@pytest.mark.parametrize("path", ["/v1/nothing", "/../../market_supervision/food_licences", "/", "/v1/*"])
def test_what_is_not_there_is_not_found(api_port: int, path: str) -> None:
    assert status(api_port, path) == 404


@pytest.mark.parametrize("query", [{"page": "two"}, {"updated_from": "yesterday"}])
def test_a_senseless_question_is_refused(api_port: int, query: dict[str, str]) -> None:
    assert status(api_port, "/v1/enterprises", **query) == 400


def test_the_service_follows_the_night_and_a_department_may_be_down(api_port: int, sample: Sample) -> None:
    before = ask(api_port, "/v1/enterprises", size=1)["total"]
    switch(sample.folder, 2)
    try:
        assert status(api_port, "/v1/stations") == 503
        assert ask(api_port, "/v1/enterprises", size=1)["total"] > before
    finally:
        switch(sample.folder, 1)
    assert ask(api_port, "/v1/stations", size=1)["items"]


def test_it_does_not_start_without_a_token(
    monkeypatch: pytest.MonkeyPatch, sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(serve.TOKEN, raising=False)
    assert serve.main(["--sources", str(sample.folder / "current"), "--port", "0"]) == 2
    assert serve.TOKEN in capsys.readouterr().err
