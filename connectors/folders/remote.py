"""Distant folders: SFTP, FTP(S), S3 and HTTP as fsspec file systems, each as strict as a government network asks.

A host key must be known, a certificate must be valid, no agent, key or proxy of the environment is taken up unasked, and every wait ends. Drivers:
paramiko for SFTP, Python's ftplib, pyarrow's S3, httpx; other fsspec protocols work where their package is installed.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from connectors.folders.folder import Folder, LocalFolder, RemoteFolder
from connectors.protocol import Setting
from connectors.settings import ROOT, resolve
from contracts.errors import ConfigurationError, LandbridgeError, SourceUnavailable

_TEXT: Setting = {"type": "string", "minLength": 1}
LOCATION: Mapping[str, Setting] = {
    "root": ROOT, "user": _TEXT, "password": _TEXT, "key": _TEXT, "hostKey": _TEXT, "knownHosts": _TEXT, "authority": _TEXT,
    "endpoint": _TEXT, "region": _TEXT, "timeoutSeconds": {"type": "number", "minimum": 0.1, "maximum": 3600},
}  # fmt: skip
_SECONDS = 60.0


def open_folder(connection: Mapping[str, Any], environ: Mapping[str, str]) -> Folder:
    """The folder that a connection names; nothing is connected yet. ConfigurationError for an address that cannot be right."""
    stated = {name: resolve(value, environ) if isinstance(value, str) else value for name, value in connection.items()}
    root = stated["root"]
    if "://" not in root:
        return LocalFolder(Path(root))
    url = urlsplit(root)
    if url.username is not None or url.password is not None:
        raise ConfigurationError(
            "root holds a user or password", remedy="state `user` and `password: ${NAME}` beside it"
        )
    try:
        shown = f"{url.scheme}://{url.hostname or ''}{f':{url.port}' if url.port else ''}{url.path}"
    except ValueError as error:
        raise ConfigurationError(f"root is no address: {error}") from error
    path = f"{url.netloc}{url.path}" if url.scheme == "s3" else unquote(url.path) or "/"
    if url.scheme == "sftp" and not (stated.get("hostKey") or stated.get("knownHosts")):
        raise ConfigurationError(
            "sftp needs `hostKey` or `knownHosts`: without one, nobody can tell the server from another",
            remedy=f"ssh-keyscan -t ed25519 -p {url.port or 22} {url.hostname}, compare the key with the department's, and state it",
        )
    return RemoteFolder(shown, path, lambda: _connect(url, stated), _fault)


def _connect(url: SplitResult, stated: Mapping[str, Any]) -> Any:
    opening = {"sftp": _sftp, "ftp": _ftp, "ftps": _ftp, "s3": _s3, "http": _http, "https": _http}.get(url.scheme)
    try:
        return opening(url, stated) if opening else _other(url)
    except ModuleNotFoundError as error:
        from connectors.registry import missing_package

        raise missing_package(f"a root at {url.scheme}://", error) from error


def _sftp(url: SplitResult, stated: Mapping[str, Any]) -> Any:
    from connectors.folders.sftp import SftpFiles

    return SftpFiles(
        url.hostname or "", url.port or 22, stated.get("user"), stated.get("password"), stated.get("key"),
        stated.get("hostKey"), stated.get("knownHosts"), float(stated.get("timeoutSeconds", _SECONDS)),
    )  # fmt: skip


def _ftp(url: SplitResult, stated: Mapping[str, Any]) -> Any:
    from connectors.folders.ftp import FtpFiles

    context = _trust(stated) if url.scheme == "ftps" else None
    return FtpFiles(
        url.hostname or "", url.port or 21, stated.get("user", "anonymous"), stated.get("password", ""), context,
        float(stated.get("timeoutSeconds", _SECONDS)),
    )  # fmt: skip


def _s3(url: SplitResult, stated: Mapping[str, Any]) -> Any:
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    endpoint = urlsplit(stated.get("endpoint", ""))
    seconds = float(stated.get("timeoutSeconds", _SECONDS))
    # never without a region, and anonymous where no key is stated: the driver would ask Amazon's own network for them
    return ArrowFSWrapper(
        S3FileSystem(
            access_key=stated.get("user"), secret_key=stated.get("password"), anonymous="user" not in stated,
            region=stated.get("region", "us-east-1"), endpoint_override=endpoint.netloc or None, scheme=endpoint.scheme or "https",
            connect_timeout=seconds, request_timeout=seconds, retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
        ),
        skip_instance_cache=True, use_listings_cache=False,
    )  # fmt: skip


def _http(url: SplitResult, stated: Mapping[str, Any]) -> Any:
    from connectors.folders.http import HttpFiles

    return HttpFiles(
        f"{url.scheme}://{url.netloc}", stated.get("user"), stated.get("password", ""),
        _trust(stated), float(stated.get("timeoutSeconds", _SECONDS)),
    )  # fmt: skip


def _other(url: SplitResult) -> Any:
    import fsspec

    try:
        files, _ = fsspec.core.url_to_fs(url.geturl(), skip_instance_cache=True)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"root: {url.scheme}:// cannot be opened", remedy="sftp, ftp, ftps, s3, http or https; or install its fsspec package"
        ) from error  # fmt: skip
    return files


def _trust(stated: Mapping[str, Any]) -> ssl.SSLContext:
    """Certificates are checked always: against the system's authorities, or those of the stated file alone."""
    try:
        return ssl.create_default_context(cafile=stated.get("authority"))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError("`authority` is no file of certificates", remedy="a PEM file") from error


# parts of drivers' messages by which they say that waiting is of no use
_REFUSED = (
    "access_denied", "accessdenied", "invalidaccesskeyid", "invalid_access_key_id", "signaturedoesnotmatch", "signature_does_not_match",
    "no_such_bucket", "nosuchbucket", "invalid_client_token_id", "unrecognized_client", "certificate verify failed", "530 ", "http status 403",
)  # fmt: skip
_REFUSALS = {"AuthenticationException", "BadHostKeyException", "PasswordRequiredException", "SSLCertVerificationError"}


def _fault(error: Exception, where: str) -> LandbridgeError:
    """Whether to wait or to correct the configuration. Drivers' messages are not quoted: some hold paths, users or answers."""
    kinds = {cls.__name__ for cls in type(error).__mro__}
    text = str(error).lower()
    if "HostKeyUnknown" in kinds or "BadHostKeyException" in kinds:
        return ConfigurationError(
            "the server's host key is not the one that is known", where=where,
            remedy="ask the department whether it changed its key; only then state the new one",
        )  # fmt: skip
    if "SSLCertVerificationError" in kinds or "certificate verify failed" in text:
        return ConfigurationError(
            "the server's certificate is not trusted", where=where, remedy="state its `authority`"
        )
    if isinstance(error, PermissionError) or kinds & _REFUSALS or any(part in text for part in _REFUSED):
        return ConfigurationError(
            "the server refuses", where=where, remedy="look at `user`, `password`, `key`, and the rights on the folder"
        )
    reason = getattr(error, "strerror", None) or type(error).__name__
    return SourceUnavailable(
        f"cannot be reached or broke off: {reason}", where=where, remedy="wait, or look at the network"
    )
