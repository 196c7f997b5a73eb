"""A real PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on a free port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


class Postgres:
    """A running server; `database(name)` makes an empty database and returns its libpq string."""

    def __init__(self) -> None:
        self.bin = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="landbridge-postgres-"))
        # the server refuses to run as root: there it runs as the user Debian's package made
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self.port = free_port()
        self._run("initdb", "--auth=trust", "--username=landbridge", "--no-sync", "-D", str(self.folder / "data"))
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def database(self, name: str) -> str:
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "landbridge", name)
        return f"host=127.0.0.1 port={self.port} user=landbridge dbname={name}"

    def url(self, name: str) -> str:
        """An empty database's SQLAlchemy URL."""
        self.database(name)
        return f"postgresql+psycopg://landbridge@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """As a machine that fails: at once, every connection cut."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def stop(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        subprocess.run([*self.user, str(self.bin / program), *words], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError(
            "PostgreSQL is not installed: run `make test`, which installs it, or apt-get install postgresql"
        )
    return found[-1].parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
