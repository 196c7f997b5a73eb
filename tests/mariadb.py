"""A real MariaDB server of the tests' own: a fresh data folder, on a free port of the loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

from tests.postgres import free_port

_START_SECONDS = 60
_OPTIONS = (
    *("--bind-address=127.0.0.1", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"),
    *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=64M", "--max-allowed-packet=64M", "--skip-name-resolve"),
    *("--character-set-server=utf8mb4", "--performance-schema=off", "--innodb-fast-shutdown=2", "--sql-mode="),
)  # fmt: skip


class MariaDb:
    """A running server; `database(name)` makes an empty database and returns its SQLAlchemy URL."""

    def __init__(self) -> None:
        if not shutil.which("mariadb-install-db"):
            raise RuntimeError(
                "MariaDB is not installed: run `make test`, which installs it, or apt-get install mariadb-server"
            )
        self.folder = Path(tempfile.mkdtemp(prefix="landbridge-mariadb-"))
        # the server refuses to run as root: there it runs as the user Debian's package made
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        if user:
            shutil.chown(self.folder, "mysql")
        self.port = free_port()
        data = [f"--datadir={self.folder / 'data'}", *user]
        install = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([*install, *data], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mariadbd"
        files = [
            f"--socket={self.folder / 's'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--log-error={self.folder / 'log'}",
        ]
        self.process = subprocess.Popen([program, "--no-defaults", *data, *files, f"--port={self.port}", *_OPTIONS])
        self._await()

    def connect(self, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def database(self, name: str) -> str:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}`")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """As a machine that fails: at once, without a farewell to anybody."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _await(self) -> None:
        started = time.monotonic()
        while True:
            try:
                self.connect().close()
                return
            except pymysql.OperationalError:
                if self.process.poll() is not None or time.monotonic() - started > _START_SECONDS:
                    log = self.folder / "log"
                    raise RuntimeError(f"MariaDB did not start: {log.read_text() if log.exists() else ''}") from None
                time.sleep(0.05)
