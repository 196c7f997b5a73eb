"""What the command line says of a mistake."""

from __future__ import annotations

from pathlib import Path

from tests.small_city import SmallCity


def test_a_file_that_is_not_there_is_named_with_the_remedy_and_without_a_traceback(
    city: SmallCity, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.sql"
    command = city.command("export", "--sql", str(nothing), "--to", str(tmp_path / "rows.csv"), observed=1)
    told, _ = command.communicate(timeout=60)
    assert command.returncode == 1
    assert str(nothing) in told and "remedy" in told
    assert "Traceback" not in told
