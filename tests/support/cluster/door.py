"""A door before an API server, with the server's own certificate: it passes on, cuts off, is silent or answers itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; `number` counts them from 1, `write` those that write."""

    number: int
    write: int
    method: str
    path: str


# Pass on, cut off before or after it was passed on, never answer, or answer with a status.
Fate: TypeAlias = Literal["pass", "cut", "lose", "hang"] | int


class Door:
    """Passes on to a server what `decide` lets pass, and calls `lost` after what it did not answer; beside `ca_file` lie the server's certificate and key."""

    def __init__(self, server: str, ca_file: Path) -> None:
        self._target = urlsplit(server).netloc
        self._context = ssl.create_default_context(cafile=str(ca_file))
        self._lock, self._numbers = threading.Lock(), [0, 0]
        self._closed = threading.Event()
        self.decide: Callable[[Asked], Fate] = lambda asked: "pass"
        self.lost: Callable[[Asked], None] = lambda asked: None
        self.asked: list[Asked] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    door._serve(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: Any, client_address: Any) -> None:
                # In its own thread, so that nobody who is slow with it keeps the others waiting.
                with contextlib.suppress(OSError), own.wrap_socket(request, server_side=True) as secured:
                    Handler(secured, client_address, self)

        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(ca_file.with_name("apiserver.crt"), ca_file.with_name("apiserver.key"))
        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def open(self) -> Iterator[Door]:
        """Serve for a while."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self._closed.set()
            self._server.shutdown()
            self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            self._numbers[0] += 1
            self._numbers[1] += handler.command in WRITES
            asked = Asked(self._numbers[0], self._numbers[1], handler.command, handler.path)
            self.asked.append(asked)
        fate = self.decide(asked)
        if fate == "hang":
            self._closed.wait()
        elif isinstance(fate, int):
            said = json.dumps({"kind": "Status", "status": "Failure", "code": fate, "message": "said by the door"})
            handler.send_response(fate)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Retry-After", "1")
            handler.end_headers()
            handler.wfile.write(said.encode())
        elif fate != "cut":
            self._pass_on(handler, body, answers=fate == "pass")
            if fate == "lose":
                self.lost(asked)

    def _pass_on(self, handler: BaseHTTPRequestHandler, body: bytes, *, answers: bool) -> None:
        connection = http.client.HTTPSConnection(self._target, context=self._context, timeout=120)
        try:
            headers = {
                key: value for key, value in handler.headers.items() if key.lower() not in ("host", "connection")
            }
            connection.request(
                handler.command, handler.path, body=body, headers={**headers, "Accept-Encoding": "identity"}
            )
            answer = connection.getresponse()
            if not answers:
                answer.read()
                return
            handler.send_response_only(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in ("transfer-encoding", "connection", "content-length"):
                    handler.send_header(key, value)
            handler.send_header("Connection", "close")
            handler.end_headers()
            while piece := answer.read1(65536):
                handler.wfile.write(piece)
                handler.wfile.flush()
        except OSError:
            return
        finally:
            connection.close()
