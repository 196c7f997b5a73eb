"""SFTP as an fsspec file system that talks only to a server whose host key is known."""

from __future__ import annotations

from pathlib import Path

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from contracts.errors import ConfigurationError


class HostKeyUnknown(paramiko.SSHException):
    """The server's key is in no list; fsspec itself would take any key on first sight."""


class _Refuse(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        raise HostKeyUnknown(hostname)


class SftpFiles(SFTPFileSystem):
    """Logs in with the stated password or key alone; a key's passphrase is the password."""

    cachable = False

    def __init__(
        self, host: str, port: int, user: str | None, password: str | None, key: str | None, host_key: str | None,
        known_hosts: str | None, seconds: float,
    ) -> None:  # fmt: skip
        self.known = _known_keys(host, port, host_key, known_hosts)
        if key and not Path(key).is_file():
            raise ConfigurationError(
                "the private key is not there", where=key, remedy="correct `key`, or put the file there"
            )
        self.seconds = seconds
        super().__init__(
            host, port=port, username=user, password=password if not key else None, key_filename=key, passphrase=password if key else None,
            timeout=seconds, banner_timeout=seconds, auth_timeout=seconds, channel_timeout=seconds, allow_agent=False, look_for_keys=False,
        )  # fmt: skip

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(_Refuse())
        for name, keys in self.known.items():
            for kind, key in keys.items():
                self.client.get_host_keys().add(name, kind, key)
        try:
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise
        self.ftp.get_channel().settimeout(self.seconds)

    def close_connection(self) -> None:
        self.client.close()


def _known_keys(host: str, port: int, host_key: str | None, known_hosts: str | None) -> paramiko.HostKeys:
    keys = paramiko.HostKeys()
    if host_key:
        name = host if port == 22 else f"[{host}]:{port}"
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{name} {host_key.strip()}")
        if entry is None or entry.key is None:
            raise ConfigurationError("`hostKey` is no host key", remedy="such as `ssh-ed25519 AAAA…`")
        keys.add(name, entry.key.get_name(), entry.key)
        return keys
    try:
        keys.load(str(known_hosts))
    except OSError as error:
        raise ConfigurationError(
            "`knownHosts` cannot be read", where=str(known_hosts), remedy="make it with ssh-keyscan"
        ) from error
    return keys
