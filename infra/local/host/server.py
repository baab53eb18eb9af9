"""The HTTP server: Werkzeug's, with connections kept alive, on the loopback interface only."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any, cast
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

from infra.local.host.errors import HostRefused

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
                raise HostRefused(
                    [f"port {port} of 127.0.0.1: {error.strerror}; choose another one"]
                ) from error
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

    def __enter__(self) -> HostServer:
        """Count a request as under way."""
        with self._changed:
            self._running += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
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
        with self.server:
            self._answer()

    def _answer(self) -> None:
        environ = self.make_environ()
        length = environ.get("CONTENT_LENGTH") or "0"
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            self.send_error(400, "Content-Length is not a number")
            return
        body = None if chunked else LimitedStream(cast("IO[bytes]", self.rfile), int(length))
        if body is not None:
            environ["wsgi.input"] = body
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _: object = None, /
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return self.wfile.write

        content = b"".join(self.server.app(environ, start_response))
        left = 1 if body is None else int(length) - body.tell()
        if body is not None and left <= _DRAINED:
            body.exhaust()
            left = 0
        self.close_connection = self.close_connection or bool(left) or self.server.stopping
        self._send(*started[0], content)
        if left and body is not None:
            self._linger()

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


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)
