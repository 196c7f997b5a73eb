"""An export is verified without a lake, and no change of it goes unseen – neither by Landbridge nor by a script that knows nothing of it."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sharing.ledger.anchors import Claim
from sharing.ledger.export import anchors_beside, export
from sharing.ledger.verify import verify_export
from tests.sharing.ledger.ledger_lake import Ledger, Statements, anchored_story, rewritten
from tests.small_city import ROOT

SCRIPT = ROOT / "docs" / "verify_ledger.py"
verify_alone = runpy.run_path(str(SCRIPT))["verify"]
Faults = list[tuple[str, int | None]]


@dataclass
class Export:
    ledger: Ledger
    path: Path
    whole: bytes

    def faults(self, content: bytes) -> Faults:
        """What both verifications find in an export with this content; they agree."""
        self.path.write_bytes(content)
        folder = anchors_beside(self.path)
        ours = sorted(((f.what, f.number) for f in verify_export(self.path, folder, self.ledger.settings)), key=repr)
        theirs = sorted(((what, number) for what, number, _ in verify_alone(self.path, folder)), key=repr)
        assert ours == theirs
        return ours


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Export]:
    root = tmp_path_factory.mktemp("export")
    ledger = anchored_story(root / "var", inlined=True)
    path = root / "handed over" / "ledger.jsonl"
    assert export(ledger.connection, ledger.settings.anchors, path).number == 40
    yield Export(ledger, path, path.read_bytes())
    ledger.close()


def test_a_whole_export_is_whole_to_both_and_is_the_same_when_made_again(exported: Export) -> None:
    assert exported.faults(exported.whole) == []
    export(exported.ledger.connection, exported.ledger.settings.anchors, exported.path)
    assert exported.path.read_bytes() == exported.whole


def test_the_script_runs_on_its_own_and_ends_with_1_where_it_finds_something(exported: Export, tmp_path: Path) -> None:
    def run() -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", str(SCRIPT), str(exported.path)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout

    exported.path.write_bytes(exported.whole)
    assert run() == (0, "the chain is whole, and is the one that was anchored\n")
    lines = exported.whole.splitlines(keepends=True)
    exported.path.write_bytes(b"".join(lines[:16] + lines[17:]))
    assert run() == (1, "gap\t17\tline 17\n1 faults\n")


def test_the_script_is_short_and_imports_nothing_of_ours() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 100
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


@given(data=st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_byte_changed_put_in_or_taken_out_is_found(exported: Export, data: st.DataObject) -> None:
    whole = exported.whole
    at = data.draw(st.integers(0, len(whole) - 1), "at")
    byte = data.draw(st.one_of(st.sampled_from(b'\n\r\t \0"\\{}[],:0aZ\xff\xe4'), st.integers(0, 255)), "byte")
    kind = data.draw(st.sampled_from(["changed", "put in", "taken out"]))
    rest = whole[at if kind == "put in" else at + 1 :]
    content = whole[:at] + (b"" if kind == "taken out" else bytes([byte])) + rest
    assume(content != whole)
    assert exported.faults(content)


def test_an_entry_that_is_not_written_as_one_keeps_no_anchor_s_promise(exported: Export) -> None:
    lines = exported.whole.splitlines(keepends=True)
    lines[9] = lines[9].replace(b'"number":10', b'"number":10 ')
    assert exported.faults(b"".join(lines)) == [("anchor", 10), ("gap", 10), ("unreadable", None)]


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_entries_dropped_moved_or_doubled_are_found(exported: Export, data: st.DataObject) -> None:
    lines = exported.whole.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1), "first")
    count = data.draw(st.integers(1, len(lines) - first), "count")
    taken, rest = lines[first : first + count], lines[:first] + lines[first + count :]
    kind = data.draw(st.sampled_from(["dropped", "moved", "doubled"]))
    if kind == "dropped":
        made = rest
    elif kind == "doubled":
        made = [*lines[: first + count], *taken, *lines[first + count :]]
    else:
        to = data.draw(st.integers(0, len(rest)), "to")
        made = [*rest[:to], *taken, *rest[to:]]
    assume(made != lines)
    assert exported.faults(b"".join(made))


def test_a_history_rewritten_as_a_whole_is_found_by_the_anchors_and_by_one_on_paper(exported: Export) -> None:
    kept = exported.ledger.kept()
    forged = rewritten(
        kept, 26, lambda told: type(told)(**{**told.__dict__, "actor": "tax", "payload": dict(told.payload)})
    )
    storage = Statements(exported.ledger)
    storage.put(forged)
    storage.put_heads((40, forged[-1].hash))
    other = exported.path.with_name("forged.jsonl")
    export(exported.ledger.connection, exported.ledger.settings.anchors, other)
    storage.put(kept)
    storage.put_heads((40, kept[-1].hash))
    assert exported.faults(other.read_bytes()) == [("anchor", 40)]

    empty = exported.path.with_name("no anchors")
    (missing,) = verify_export(other, empty, exported.ledger.settings)
    assert "a history rewritten as a whole would not be found" in str(missing)
    (found,) = verify_export(other, empty, exported.ledger.settings, [Claim(40, kept[-1].hash[:12], "on paper")])
    assert (found.what, found.number, found.place) == ("anchor", 40, "on paper")


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"null\n", b"[[" * 3000 + b"\n", b"\xff\xfe" * 99, b'{"number":1e999}\n', b"x" * 3_000_000]
)
def test_a_file_that_is_no_export_is_told_not_stumbled_over(exported: Export, content: bytes) -> None:
    assert ("anchor", 10) in exported.faults(content)
