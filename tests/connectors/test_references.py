"""What a connection refers to: the environment's variables, and connections that Airflow keeps."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.references import airflow_connections, references
from connectors.settings import resolve
from contracts.errors import ConfigurationError

URL = "postgresql+psycopg://${airflow:housing.login}:${airflow:housing.password}@${airflow:housing.host}:${airflow:housing.port}/${DATABASE}"


def test_a_connection_says_what_it_refers_to() -> None:
    assert references({"url": URL, "auth": {"secret": "${KEY}"}}) == [
        "DATABASE", "KEY", "airflow:housing.host", "airflow:housing.login", "airflow:housing.password", "airflow:housing.port",
    ]  # fmt: skip
    assert airflow_connections({"url": URL}) == ["housing"]


def test_outside_airflow_a_connection_comes_from_its_variable_in_both_forms() -> None:
    as_json = json.dumps({"conn_type": "postgres", "login": "reader", "password": "p@/:", "host": "db", "port": 5432})
    for text in ("postgres://reader:p%40%2F%3A@db:5432/x", as_json):
        environ = {"AIRFLOW_CONN_HOUSING": text, "DATABASE": "archive"}
        assert resolve(URL, environ) == "postgresql+psycopg://reader:p@/:@db:5432/archive"


def test_what_airflow_gave_a_task_comes_first() -> None:
    environ = {"airflow:housing.password": "new", "AIRFLOW_CONN_HOUSING": "postgres://reader:old@db"}
    assert resolve("${airflow:housing.password}", environ) == "new"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "airflow connections add housing"),
        ({"AIRFLOW_CONN_HOUSING": "postgres://db"}, "airflow:housing.password is not set"),
        ({"AIRFLOW_CONN_HOUSING": "{secret"}, "neither a URI nor JSON"),
        ({"AIRFLOW_CONN_HOUSING": "secret"}, "neither a URI nor JSON"),
    ],
)
def test_a_connection_that_cannot_be_had_says_how_to_add_it(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        resolve("${airflow:housing.password}", environ)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


@given(st.dictionaries(st.sampled_from(["login", "password", "schema"]), st.text(min_size=1), min_size=1))
def test_any_text_survives_the_json_form(parts: dict[str, str]) -> None:
    environ = {"AIRFLOW_CONN_A": json.dumps({"conn_type": "x", **parts})}
    for part, value in parts.items():
        assert resolve(f"${{airflow:a.{part}}}", environ) == value
