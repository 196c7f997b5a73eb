"""Names of what is delivered, safe as the name of a file, table or view: whatever an id holds, its name leads nowhere else."""

from __future__ import annotations

import hashlib
import re

_DIGEST = 16


def safe_name(id: str, longest: int = 200) -> str:
    """A name made of letters, digits, `_`, `-` and inner dots only; two ids never share one. `longest` counts bytes of UTF-8."""
    name = re.sub(r"[^\w.-]", _escaped, id)
    name = re.sub(r"^\.+", lambda dots: "%2E" * len(dots[0]), name) or "%"
    if len(name.encode()) <= longest:
        return name
    # `~` is escaped above: no short name looks like a cut one
    head = name.encode()[: longest - _DIGEST - 1].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(id.encode()).hexdigest()[:_DIGEST]}"


def _escaped(letter: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in letter[0].encode())
