"""Werkzeug's threaded server with connections that stay open.

Werkzeug closes each connection after one request, because it cannot tell where an unread body ends. Here the body is
counted, and what an application left of it is read before the next request; registry clients make dozens of them.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from werkzeug.exceptions import BadRequest
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from infra.local.chunks import Chunks

WSGIApp: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]

_IDLE_SECONDS = 60.0
_MOST_DRAINED = 4 << 20
_BODILESS = frozenset({204, 304})
_log = logging.getLogger(__name__)


class _Body(io.RawIOBase):
    """A request's body of known length; never reads past it."""

    def __init__(self, source: Any, length: int) -> None:
        self._source, self.left = source, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self.left)
        data = self._source.read(wanted) if wanted else b""
        buffer[: len(data)] = data
        self.left -= len(data)
        return len(data)


class _Reply:
    """Collects what start_response was told and writes the answer."""

    def __init__(self, handler: KeepAliveHandler) -> None:
        self._handler = handler
        self.status, self.headers, self.sent, self._chunked = "", list[tuple[str, str]](), False, False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info and self.sent:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = status, headers
        return self.write

    def write(self, data: bytes) -> None:
        if not self.sent:
            self._begin()
        if data:
            frame = b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data
            self._handler.wfile.write(frame)

    def finish(self) -> None:
        self.write(b"")
        if self._chunked:
            self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def _begin(self) -> None:
        handler, self.sent = self._handler, True
        code, _, reason = self.status.partition(" ")
        handler.send_response_only(int(code), reason)
        for name, value in self.headers:
            handler.send_header(name, value)
        named = {name.lower() for name, _ in self.headers}
        if "date" not in named:
            handler.send_header("Date", handler.date_time_string())
        bodiless = handler.command == "HEAD" or int(code) in _BODILESS
        if "content-length" not in named and not bodiless:
            self._chunked = handler.request_version >= "HTTP/1.1"
            handler.send_header(*(("Transfer-Encoding", "chunked") if self._chunked else ("Connection", "close")))
            handler.close_connection = handler.close_connection or not self._chunked
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()


class KeepAliveHandler(WSGIRequestHandler):
    """Serves one connection, request after request."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    # Headers and a small body leave in one packet; without this each waits for the other's acknowledgement (40 ms).
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        if not self._is_framed(environ):
            self.send_error(400, "Content-Length or Transfer-Encoding is not understood")
            return
        body = self._body(environ)
        reply = _Reply(self)
        try:
            answer = self.server.app(environ, reply.start)
            try:
                for data in answer:
                    reply.write(data)
                self._drain(body)
                reply.finish()
            finally:
                close = getattr(answer, "close", None)
                if close:
                    close()
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            _log.exception("%s %s failed", self.command, self.path)
            self.close_connection = True
            if not reply.sent:
                reply.start("500 Internal Server Error", [("Content-Length", "0")])
                reply.finish()

    def _is_framed(self, environ: dict[str, Any]) -> bool:
        """Whether it is plain where the body ends: else one request could hide another one."""
        told, coding = self.headers.get_all("Content-Length", []), environ.get("HTTP_TRANSFER_ENCODING", "")
        if coding:
            return coding.lower() == "chunked" and not told
        return len(set(told)) <= 1 and all(one.isascii() and one.isdigit() for one in told)

    def _body(self, environ: dict[str, Any]) -> _Body | Chunks:
        if environ.get("wsgi.input_terminated"):
            chunks = environ["wsgi.input"] = Chunks(self.rfile)
            return chunks
        body = _Body(self.rfile, int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BufferedReader(body, 1 << 16)
        return body

    def _drain(self, body: _Body | Chunks) -> None:
        with contextlib.suppress(BadRequest):
            for _ in range(_MOST_DRAINED >> 16):
                if not body.read(1 << 16):
                    return
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: those who want a log wrap the application."""

    def log_error(self, format: str, *args: Any) -> None:
        """Keep idle connections that time out and malformed requests out of the console."""
        _log.debug(format, *args)


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that it can end them."""

    def __init__(self, host: str, port: int, app: WSGIApp) -> None:
        self._open = set[socket.socket]()
        self._lock = threading.Lock()
        # Bound here, because Werkzeug ends the process where a port is taken.
        with socket.create_server((host, port), backlog=128) as listening:
            super().__init__(host, port, app, KeepAliveHandler, fd=listening.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        _log.debug("a connection broke", exc_info=True)

    def end_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    _log.debug("a connection had ended by itself")


class RunningServer:
    """An application that is being served from a thread; `port` is the one it got where 0 was asked for."""

    def __init__(self, app: WSGIApp, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self._server = _Server(host, port, app)
        self.port: int = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"http-{self.port}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections and end those that are open; the second time is harmless."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.end_connections()
