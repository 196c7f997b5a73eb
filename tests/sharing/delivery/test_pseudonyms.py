"""A join key leaves as a keyed pseudonym: the same value joins within a requester, and nobody finds the value or another requester's pseudonym."""

from __future__ import annotations

import hashlib
import hmac

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from sharing.delivery.pseudonym import SECRET as VARIABLE
from sharing.delivery.pseudonym import keyed, pseudonym, pseudonym_sql, requester_key
from tests.sharing.delivery.delivery_city import SECRET, DeliveryCity


def numbers(town: DeliveryCity, line: str, requester: str = "civil", field: str = "number") -> set[str]:
    return {row[field] for row in town.rows(line, requester)}


def test_a_key_joins_across_the_deliveries_of_a_requester_and_of_nobody_else(town: DeliveryCity) -> None:
    town.granted("L1", ("number", "name"))
    town.granted("L2", ("number", "division_code"))
    town.granted("L3", ("number", "name"), requester="tax")
    town.ask_for(*({"line": line, "way": "parquet"} for line in ("L1", "L2", "L3")))
    assert town.run().is_well
    assert numbers(town, "L1") == numbers(town, "L2")
    assert len(numbers(town, "L1")) == 4
    assert not numbers(town, "L1") & numbers(town, "L3", "tax")

    before = numbers(town, "L1")
    town.load("police.person", 2, town.persons())
    town.run(2)
    assert town.told("refreshed", "L1")[0]["snapshot"] > town.told("delivered", "L1")[0]["snapshot"]
    assert numbers(town, "L1") == before, "the next night's pseudonyms are last night's"


def test_what_a_pseudonym_is_about_joins_across_resources_where_the_contracts_say_it_is_the_same(
    town: DeliveryCity,
) -> None:
    town.contract(
        "tax.taxpayer",
        more="      - {name: payer, logicalType: string, semanticType: resident_id, classification: sensitive}\n",
    )
    town.load("tax.taxpayer", 1, [{"number": "KEY-1", "name": "x", "payer": "370202198706131231"}])
    town.granted("L1", ("resident_id", "number"))
    town.granted("L2", ("payer", "number"), resource="tax.taxpayer")
    town.ask_for({"requester": "civil", "way": "parquet", "pseudonyms": ["resident_id", "payer"]})
    assert town.run().is_well
    assert numbers(town, "L2", field="payer") < numbers(town, "L1", field="resident_id")
    assert not numbers(town, "L2") & numbers(town, "L1"), (
        "two keys without a meaning are two keys, though both are KEY-1"
    )


def test_a_pseudonym_cannot_be_had_by_hashing_every_key_there_is(town: DeliveryCity) -> None:
    town.granted("L1", ("number",))
    town.deliver()
    given_out = numbers(town, "L1")
    for n in range(4):
        key = f"KEY-{n}".encode()
        for name in ("md5", "sha1", "sha256", "sha512", "sm3"):
            made = hashlib.new(name, key).hexdigest()
            assert not any(made.startswith(p) or made.endswith(p) for p in given_out)
        # neither the secret itself nor another requester's key makes it
        for other in (SECRET.encode(), requester_key({VARIABLE: SECRET}, "tax")):
            assert hmac.digest(other, key, "sha256").hex()[:32] not in given_out
            assert pseudonym(other, "police.person.number", f"KEY-{n}") not in given_out
    assert pseudonym(requester_key({VARIABLE: SECRET}, "civil"), "police.person.number", "KEY-1") in given_out


@pytest.mark.parametrize("digest", ["sha256", "sm3"])
def test_sql_makes_the_pseudonym_that_the_standard_library_makes(digest: str) -> None:
    connection, key = duckdb.connect(), requester_key({VARIABLE: SECRET}, "civil")

    @given(
        st.lists(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20),
            min_size=1,
            max_size=5,
        )
    )
    def same(texts: list[str]) -> None:
        with keyed(connection, key, digest):
            for text in texts:
                row = connection.execute(
                    f"SELECT {pseudonym_sql('t', '域 domain', digest)} FROM (SELECT ? AS t)", [text]
                ).fetchone()
                assert row == (pseudonym(key, "域 domain", text, digest),)

    same()
    afterwards = f"SELECT {pseudonym_sql('t', '域 domain', digest)} FROM (SELECT 'x' AS t)"
    assert connection.execute(afterwards).fetchone() == (None,), "the key is gone from the connection"


def test_without_a_secret_nothing_that_needs_one_is_delivered(
    town: DeliveryCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.granted("L1", ("number", "note"))
    for secret in ("", "canary"):
        monkeypatch.setenv(VARIABLE, secret)
        with pytest.raises(ConfigurationError, match=VARIABLE) as told:
            town.deliver()
        assert "canary" not in str(told.value)
    assert not town.file().exists()
    assert town.told("delivered") == []


def test_another_secret_makes_every_delivery_with_a_pseudonym_anew(
    town: DeliveryCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.granted("L1", ("number", "note"))
    town.granted("L2", ("note",))
    town.ask_for({"requester": "civil", "way": "parquet"})
    town.run()
    before = numbers(town, "L1")
    monkeypatch.setenv(VARIABLE, SECRET[::-1])
    assert list(town.run(2).delivered) == ["L1"]
    assert not numbers(town, "L1") & before
