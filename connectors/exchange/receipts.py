"""Receipts in a department's folder: whole or not there at all, near or far."""

from __future__ import annotations

import os
from typing import Any

from connectors.folders.folder import Folder, LocalFolder, RemoteFolder
from contracts.errors import LandbridgeError


def leave(folder: Folder, name: str, data: bytes) -> str:
    """Write a file below the folder's root in place of an older one; returns why that failed, or the empty text."""
    where = folder.address(name)
    head, slash, last = name.rpartition("/")
    scratch = f"{head}{slash}.{last}~{os.getpid()}"
    try:
        if isinstance(folder, LocalFolder):
            (folder.root / scratch).write_bytes(data)
            (folder.root / scratch).replace(folder.root / name)
        elif isinstance(folder, RemoteFolder):
            _upload(folder.connect(), folder.path.rstrip("/"), scratch, name, data)
        else:
            return f"{where}: this kind of folder takes no receipts"
    except LandbridgeError as error:
        return f"{where}: {error.what}"
    except Exception as error:  # drivers raise whatever they like, and a receipt is never worth a load
        return f"{where}: {getattr(error, 'strerror', None) or type(error).__name__}"
    return ""


def _upload(files: Any, root: str, scratch: str, name: str, data: bytes) -> None:
    try:
        files.pipe_file(f"{root}/{scratch}", data)
        # servers of SFTP and FTP refuse to rename onto a file that is there
        if files.exists(f"{root}/{name}"):
            files.rm_file(f"{root}/{name}")
        files.mv(f"{root}/{scratch}", f"{root}/{name}")
    finally:
        getattr(files, "close_connection", lambda: None)()
