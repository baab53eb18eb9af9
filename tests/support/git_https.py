"""Git's own smart HTTP server behind TLS and a password, on the loopback interface, with records of who asked for what."""

from __future__ import annotations

import base64
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class GitHttps:
    """A server of the repositories in a folder; `moved` leads what is asked of it on to another address, if set."""

    folder: Path
    certificate: Path
    shown: str
    port: int = 0
    moved: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What git needs to believe the server's certificate."""
        return {"GIT_SSL_CAINFO": str(self.certificate)}


@contextmanager
def git_https(folder: Path, shown: str) -> Iterator[GitHttps]:
    """Serve the repositories in a folder to whoever shows `user:password`."""
    key, certificate = _identity(folder)
    server = GitHttps(folder, certificate, shown)
    listening = _Server(server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server.port = listening.server_port
    thread = Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(self, about: GitHttps) -> None:
        self.about = about
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        authorization = self.headers.get("Authorization", "")
        self.server.about.asked.append((self.path, authorization))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.about.moved:
            self._say(302, {"Location": self.server.about.moved + self.path})
        elif authorization != f"Basic {base64.b64encode(self.server.about.shown.encode()).decode()}":
            self._say(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._serve(body)

    def _say(self, status: int, headers: Mapping[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(content)), "Connection": "close"}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def _serve(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            "GIT_PROJECT_ROOT": str(self.server.about.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": self.server.about.shown.partition(":")[0],
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._say(int(headers.pop("Status", "200").split(" ")[0]), headers, content)


def _identity(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = folder / "server.key", folder / "server.pem"
    pem = serialization.Encoding.PEM
    written[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    written[1].write_bytes(certificate.public_bytes(pem))
    return written
