"""FTP and FTP over TLS as an fsspec file system. Over TLS, commands and data are encrypted and the certificate is checked."""

from __future__ import annotations

import ftplib
import ssl
from ftplib import FTP, FTP_TLS
from pathlib import Path
from typing import Any

from fsspec.implementations.ftp import FTPFileSystem

_CHINESE_WINDOWS = "gb18030"


class _SameSession(FTP_TLS):
    """Data connections continue the session of the control connection: many servers insist on it."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> Any:
        connection, size = FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self.context.wrap_socket(connection, server_hostname=self.host, session=session), size


class FtpFiles(FTPFileSystem):
    """`trust` is the TLS context, None for plain FTP."""

    cachable = False
    encoding: str

    def __init__(
        self, host: str, port: int, user: str, password: str, trust: ssl.SSLContext | None, seconds: float
    ) -> None:
        self.trust = trust
        super().__init__(host, port, user, password, timeout=seconds)

    def _connect(self) -> None:
        if self.trust is None:
            self.ftp: FTP = FTP(timeout=self.timeout, encoding=self.encoding)
        else:
            self.ftp = _SameSession(timeout=self.timeout, encoding=self.encoding, context=self.trust)
        self.ftp.connect(self.host, self.port)
        self.ftp.login(*self.cred)
        if isinstance(self.ftp, FTP_TLS):
            self.ftp.prot_p()

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        """Names are UTF-8, or else GBK as old Windows servers write them. A connection that broke off is no missing folder, as fsspec has it."""
        encoding = self.encoding
        try:
            found = super().ls(path, detail)
            # on its way to a missing folder, fsspec lists the one above it
            return found if self.encoding == encoding else self.ls(path, detail)
        except UnicodeDecodeError:
            if self.encoding == _CHINESE_WINDOWS:
                raise
        except FileNotFoundError as error:
            if error.__cause__ is not None and not isinstance(error.__cause__, ftplib.error_perm):
                raise error.__cause__ from None
            if path.isascii() or self.encoding == _CHINESE_WINDOWS:
                raise
        self.ftp.close()
        self.encoding = _CHINESE_WINDOWS
        self._connect()
        return self.ls(path, detail)

    def get_file(self, rpath: str, lpath: str, **_: Any) -> None:
        with Path(lpath).open("wb") as file:
            self.ftp.retrbinary(f"RETR {rpath}", file.write, blocksize=1 << 18)

    def close_connection(self) -> None:
        self.ftp.close()
