"""The HTTP server: Werkzeug's, with connections kept alive, on the loopback interface only."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import IO, Any, cast
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

from infra.local.chunks import Chunks
from infra.local.host.errors import HostRefused
from infra.local.host.problem import MIMETYPE, problem

_DRAINED = 64 * 1024
_LINGER = 32 * 1024 * 1024
_POLL = 0.25


class HostServer(ThreadedWSGIServer):
    """Serves an application and knows what is under way, so that it can end between requests."""

    def __init__(self, application: WSGIApplication, port: int) -> None:
        self.stopping = False
        self._running = 0
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        # Werkzeug itself answers a taken port by ending the process.
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind(("127.0.0.1", port))
            except OSError as error:
                raise HostRefused([f"port {port} of 127.0.0.1: {error.strerror}; choose another one"]) from error
            listening.listen(128)
            super().__init__("127.0.0.1", port, application, _Handler, fd=listening.fileno())

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(_POLL,), name="http", daemon=True).start()

    def stop(self, deadline: float) -> None:
        """Take no more requests, let the running ones end until the deadline (time.monotonic), close all connections."""
        with self._changed:
            self.stopping = True
        self.shutdown()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, max(0.0, deadline - time.monotonic()))
            for connection in self._open:
                _shut(connection)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request, so that a stop waits for it."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._changed:
            self._open.discard(request)
        super().shutdown_request(request)


class _Handler(WSGIRequestHandler):
    """Werkzeug's handler closes after each answer, because it does not know how much of a body was left; this one does."""

    server: HostServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75

    def run_wsgi(self) -> None:
        """Answer one request."""
        if self.server.stopping:
            self.close_connection = True
            self.send_error(503, "the host is stopping; try again")
            return
        with self.server.under_way():
            self._answer()

    def _answer(self) -> None:
        environ = self.make_environ()
        body = self._body_of(environ)
        if body is None:
            self.close_connection = True
            self.send_error(
                400,
                "Content-Length or Transfer-Encoding is not understood; send one of them once, in digits or chunked",
            )
            return
        environ["wsgi.input"] = body
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _: object = None, /
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return self.wfile.write

        content = b"".join(self.server.app(environ, start_response))
        unread = not _drained(body)
        self.close_connection = self.close_connection or unread or self.server.stopping
        self._send(*started[0], content)
        if unread:
            self._linger()

    def _body_of(self, environ: WSGIEnvironment) -> io.RawIOBase | None:
        length, coding = environ.get("CONTENT_LENGTH", ""), environ.get("HTTP_TRANSFER_ENCODING", "")
        told = self.headers.get_all("Content-Length", [])
        if coding:
            # Both at once are how one request is smuggled within another, and so are two lengths.
            return Chunks(self.rfile) if coding.lower() == "chunked" and not told else None
        if len(set(told)) > 1:
            return None
        if length and not (length.isascii() and length.isdigit()):
            return None
        return LimitedStream(cast("IO[bytes]", self.rfile), int(length or 0))

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def _linger(self) -> None:
        # Closing with a body unread resets the connection, and the client never sees why it was refused.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        left = _LINGER
        while left > 0 and (found := self.rfile.read1(65536)):
            left -= len(found)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request at all in the form of everything else, and hear no more on this connection."""
        self.close_connection = True
        # What asks in no form that we know is answered in ours.
        self.request_version = self.protocol_version
        wait = [("Retry-After", "1")] if code == HTTPStatus.SERVICE_UNAVAILABLE else []
        content = json.dumps(problem(code, explain or message or HTTPStatus(code).description)).encode()
        headers = [("Content-Type", MIMETYPE), ("Content-Length", str(len(content))), *wait]
        self._send(f"{code:d} {HTTPStatus(code).phrase}", headers, b"" if self.command == "HEAD" else content)

    def handle_expect_100(self) -> bool:
        """Say that the body may come, at once: the answers are buffered."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def version_string(self) -> str:
        """Name the program, not its parts."""
        return "slipway"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: what matters is logged where it is decided."""


def _drained(body: io.RawIOBase) -> bool:
    """Whether all of a body is read, which for a small rest is done here."""
    if not isinstance(body, LimitedStream):
        return False
    if body.limit - body.tell() > _DRAINED:
        return False
    try:
        body.exhaust()
    except (OSError, HTTPException):
        return False
    return True


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)
