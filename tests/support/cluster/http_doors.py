"""Addresses that answer as no healthy API server does."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Answering:
    """What a door answers to whatever it is asked, and the tokens that it was shown; `stop` ends it before the end of the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    stop: bool = False
    shown: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def door(answering: Answering, certificate: Path | None = None) -> Iterator[Answering]:
    """Listen on loopback, by TLS where a certificate is given (its key lies beside it)."""

    class _Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answering.shown.append(self.headers.get("Authorization", ""))
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(answering.status)
            size = len(answering.body) + (1000 if answering.stop else 0)
            for name, value in {"Content-Length": str(size), **answering.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answering.body)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    answering.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield answering
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def nobody() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


def closed() -> str:
    """An address where nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"https://127.0.0.1:{listening.getsockname()[1]}"
