"""The manifest beside a delivery: what it is, on which grant, from which snapshot, with which masks – and by which digest it is known."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sharing.delivery.doors import Staged
from sharing.delivery.grants import Grant
from sharing.delivery.projection import Projection
from sharing.delivery.ways import Way
from sharing.delivery.work import Work

MANIFEST = "manifest.json"


def manifest_path(work: Work, grant: Grant) -> Path:
    return work.folder / grant.delivery_id / MANIFEST


def manifest_of(projection: Projection, way: Way, staged: Staged) -> dict[str, Any]:
    """What the manifest says; no value of the data is in it, and no address."""
    grant, load = projection.grant, projection.load
    return {
        "request_id": grant.request_id, "line_id": grant.line_id, "delivery_id": grant.delivery_id,
        "requester": grant.requester, "provider": grant.provider, "resource": projection.resource.id,
        "contract_version": load.contract_version, "snapshot": load.snapshot, "run_id": load.run_id,
        "interval_end": load.interval_end.isoformat(), "fields": list(projection.names[1:]), "masks": projection.masks,
        "row_scope": grant.row_scope, "valid_to": grant.valid_to.isoformat() if grant.valid_to else "",
        "way": way.text, "rows": staged.rows, "sha256": staged.sha256, "projection": projection.id,
    }  # fmt: skip


def write_manifest(work: Work, grant: Grant, manifest: dict[str, Any]) -> None:
    """Put the manifest in the place of the one before, whole or not at all."""
    path = manifest_path(work, grant)
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent.parent, path.parent):
        folder.chmod(0o700)
    scratch = path.with_name(f".{MANIFEST}~")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(manifest, file, ensure_ascii=False, indent=2, sort_keys=True)
    scratch.replace(path)


def read_manifest(work: Work, grant: Grant) -> dict[str, Any] | None:
    """The manifest as written last, None where there is none that can be read."""
    try:
        loaded = json.loads(manifest_path(work, grant).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None
