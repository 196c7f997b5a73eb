"""Names of unfinished files: they carry their process's number, so that what a killed process left can be told and removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def scratch_path(final: Path) -> Path:
    """A hidden sibling of `final` to write to before it is renamed; what dead processes left beside it is removed."""
    for left in final.parent.glob(f".{final.stem}~*"):
        owner = left.name.rsplit("~", 1)[1].partition(".")[0]
        if not (owner.isdigit() and _is_alive(int(owner))):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    return final.with_name(f".{final.stem}~{os.getpid()}{final.suffix}")


def write_atomically(path: Path, text: str) -> None:
    """Write the whole text or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = scratch_path(path)
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
