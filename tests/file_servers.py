"""Real servers that give files on loopback: OpenSSH, FTP with and without TLS, S3 and HTTP, each with a folder of its own and gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyarrow.fs import S3FileSystem
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

USER, PASSWORD = "landbridge", "not for messages"


class FileServer:
    """`connection` is what systems.yaml would state; `put` delivers a file below the root."""

    connection: dict[str, Any]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="landbridge-files-"))
        self.files = self.folder / "files"
        self.files.mkdir()

    def put(self, name: str, content: bytes) -> None:
        (self.files / name).parent.mkdir(parents=True, exist_ok=True)
        (self.files / name).write_bytes(content)

    def empty(self) -> None:
        shutil.rmtree(self.files)
        self.files.mkdir()

    def stop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Sftp(FileServer):
    """OpenSSH's server with a host key of its own; logs in with a key."""

    def __init__(self) -> None:
        super().__init__()
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise RuntimeError("OpenSSH's server is not installed: run `make test`, or apt-get install openssh-server")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        for name, secret in (("host", ""), ("user", PASSWORD), ("other", "")):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", secret, "-f", str(self.folder / name)],
                check=True,
            )
        shutil.copy(self.folder / "user.pub", self.folder / "authorized")
        port = free_port()
        options = (
            f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {self.folder / 'host'}", f"AuthorizedKeysFile {self.folder / 'authorized'}",
            "PermitRootLogin yes", "PasswordAuthentication no", "UsePAM no", "StrictModes no", "Subsystem sftp internal-sftp",
            f"PidFile {self.folder / 'pid'}",
        )  # fmt: skip
        (self.folder / "config").write_text("\n".join(options) + "\n")
        self.process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(self.folder / "config")], stderr=subprocess.DEVNULL
        )
        wait_for(port)
        self.port = port
        self.connection = {
            "root": f"sftp://127.0.0.1:{port}{self.files}", "user": _user_name(), "key": str(self.folder / "user"), "password": "${PASSWORD}",
            "hostKey": self.public_key("host"),
        }  # fmt: skip

    def public_key(self, name: str) -> str:
        return " ".join((self.folder / f"{name}.pub").read_text().split()[:2])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        super().stop()


class Ftp(FileServer):
    """Plain, or with TLS in commands and data where `certificate` is given."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__()
        authorizer = DummyAuthorizer()
        authorizer.add_user(USER, PASSWORD, str(self.files), perm="elr")
        base = TLS_FTPHandler if certificate else FTPHandler
        self.handler = type("Handler", (base,), {"authorizer": authorizer, "timeout": 10, "auth_failed_timeout": 0})
        if certificate:
            self.handler.certfile = str(certificate.file)
            self.handler.tls_control_required = self.handler.tls_data_required = True
        self.server = FTPServer(("127.0.0.1", 0), self.handler, ioloop=IOLoop())
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        port = self.server.socket.getsockname()[1]
        self.connection = {
            "root": f"{'ftps' if certificate else 'ftp'}://127.0.0.1:{port}/", "user": USER, "password": "${PASSWORD}",
            **({"authority": str(certificate.authority)} if certificate else {}),
        }  # fmt: skip

    def _serve(self) -> None:
        while not self.stopping.is_set():
            self.server.serve_forever(timeout=0.02, blocking=False)
        self.server.close_all()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()
        super().stop()


class S3(FileServer):
    """moto's server, which keeps objects in memory; it lives in an environment of its own."""

    def __init__(self) -> None:
        super().__init__()
        program = Path(sys.prefix) / "s3-server" / "bin" / "moto_server"
        if not program.exists():
            raise RuntimeError("the S3 server is not installed: run `make test`, which installs it")
        port = free_port()
        self.process = subprocess.Popen(
            [str(program), "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"},
        )  # fmt: skip
        wait_for(port)
        self.port = port
        self.connection = {
            "root": "s3://zone/out", "user": USER, "password": "${PASSWORD}", "endpoint": f"http://127.0.0.1:{port}", "timeoutSeconds": 5
        }  # fmt: skip
        self.bucket = S3FileSystem(
            access_key=USER, secret_key=PASSWORD, endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
        )  # fmt: skip
        self.bucket.create_dir("zone")

    def put(self, name: str, content: bytes) -> None:
        with self.bucket.open_output_stream(f"zone/out/{name}") as file:
            file.write(content)

    def empty(self) -> None:
        self.bucket.delete_dir_contents("zone")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        super().stop()


class Http(FileServer):
    """Python's own server with its index pages, over TLS where `certificate` is given."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        super().__init__()
        handler = partial(_Quiet, directory=str(self.files))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.port = self.server.server_port
        self.connection = {"root": f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/"}
        if certificate:
            self.connection["authority"] = str(certificate.authority)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        super().stop()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Cutter:
    """Stands between a client and a server and breaks the line after so many bytes towards the client."""

    def __init__(self, port: int, after: int) -> None:
        self.target, self.left = port, after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for source, target, counted in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, target, counted), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while content := source.recv(4096):
                if counted:
                    content, self.left = content[: max(self.left, 0)], self.left - len(content)
                target.sendall(content)
                if counted and self.left <= 0:
                    break
        except OSError:
            pass
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def stop(self) -> None:
        self.listener.close()


class Certificate:
    """An authority's certificate (`authority`), and a server's of it for 127.0.0.1 with its key (`file`)."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.file = folder / "authority.pem", folder / "server.pem"
        authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of the tests")])
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        root = _signed(name, name, authority_key, authority_key, x509.BasicConstraints(ca=True, path_length=0))
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        server = _signed(own, name, key, authority_key, address)
        pem = serialization.Encoding.PEM
        self.authority.write_bytes(root.public_bytes(pem))
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.file.write_bytes(server.public_bytes(pem) + private)


def _signed(
    subject: x509.Name, issuer: x509.Name, key: Any, by: Any, extension: x509.ExtensionType
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2)).add_extension(extension, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, subject == issuer, subject == issuer, False, False), critical=True)
        .sign(by, hashes.SHA256())
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until something listens there; a server that never does is an error of the test's machine."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"no server came up on port {port}")


def _user_name() -> str:
    return subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()


SERVERS: dict[str, Callable[[Certificate], FileServer]] = {
    "sftp": lambda _: Sftp(),
    "ftp": lambda _: Ftp(),
    "ftps": Ftp,
    "s3": lambda _: S3(),
    "http": lambda _: Http(),
    "https": Http,
}
