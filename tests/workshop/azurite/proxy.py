"""A proxy before a storage account that counts requests and, when it is told to, has the service's bad days."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.workshop.azurite.calls import Call, kind_answered, kind_of
from tests.workshop.azurite.faults import Fault, Late, Lost, Refused

_ENDPOINT = re.compile(r"(Table|Queue|Blob)Endpoint=([^;]+)")
_INNER_STATUS = re.compile(rb"HTTP/1.1 ([45]\d\d)")
_FRESH = 2.0  # seconds; the emulator closes a connection that was idle for five
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class StorageProxy:
    """Stands before an account that a connection string names; `connection` is what to use in its place."""

    def __init__(self, upstream: str) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._faults: list[tuple[Callable[[Call], bool], Fault]] = []
        self._servers: list[_Server] = []
        self._late: list[tuple[Late, Callable[[], int]]] = []
        self.connection = _ENDPOINT.sub(self._before, upstream)

    def _before(self, found: re.Match[str]) -> str:
        service, url = found[1].lower(), urlsplit(found[2])
        server = _Server(self, service, url.hostname or "", url.port or 80)
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), name=f"proxy-{service}", daemon=True).start()
        return f"{found[1]}Endpoint=http://127.0.0.1:{server.server_port}{url.path}"

    @property
    def calls(self) -> Sequence[Call]:
        """What was asked since the last `clear`, in the order of the answers."""
        with self._lock:
            return tuple(self._calls)

    def clear(self) -> None:
        """Count from here."""
        with self._lock:
            self._calls.clear()

    def have(self, fault: Fault, on: Callable[[Call], bool], *, times: int = 1) -> None:
        """Let so many of the next requests that fit fail; one after the other, in the order in which this is called."""
        with self._lock:
            self._faults.extend([(on, fault)] * times)

    def heal(self) -> int:
        """Forget the faults that nothing has met yet, and requests that never arrived; return how many these were."""
        with self._lock:
            left = len(self._faults) + len(self._late)
            self._faults.clear()
            self._late.clear()
            return left

    def hold(self, late: Late, send: Callable[[], int]) -> None:
        """Keep a request back."""
        with self._lock:
            self._late.append((late, send))

    def arrive(self, late: Late | None = None) -> Sequence[int]:
        """Let the service have what was kept back, all of it or what waits for this; return what it answered to nobody."""
        with self._lock:
            due = [one for one in self._late if late in (None, one[0])]
            self._late = [one for one in self._late if one not in due]
        return [send() for _, send in due]

    def close(self) -> None:
        """Let nobody in any more."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def fault_for(self, call: Call) -> Fault | None:
        """Return what is to befall a request, once."""
        with self._lock:
            for number, (on, fault) in enumerate(self._faults):
                if on(call):
                    del self._faults[number]
                    return fault
        return None

    def note(self, call: Call) -> None:
        """Count a request."""
        with self._lock:
            self._calls.append(call)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: StorageProxy, service: str, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy, self.service, self.upstream = proxy, service, (host, port)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._upstream: http.client.HTTPConnection | None = None
        self._used = 0.0

    def finish(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
        super().finish()

    def handle_any(self) -> None:
        """Pass a request on, unless something befalls it."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service, proxy = self.server.service, self.server.proxy
        kind = kind_of(service, self.command, self.path)
        call = Call(service=service, kind=kind, method=self.command, target=self.path, sent=len(body))
        fault = proxy.fault_for(call)
        if isinstance(fault, Refused):
            proxy.note(replace(call, status=fault.status))
            self._refuse(fault)
        elif isinstance(fault, Lost) and not fault.answer:
            proxy.note(call)
            self._break()
        elif isinstance(fault, Late):
            proxy.note(call)
            proxy.hold(fault, partial(self._pass_on_late, body))
            self._break()
        else:
            proxy.arrive(Late(before=kind))
            answer, content = self._pass_on(body)
            proxy.arrive(Late(after=kind))
            done = replace(call, status=0 if fault else answer.status)
            proxy.note(replace(done, kind=kind_answered(done, content)))
            if isinstance(fault, Lost) and fault.half and content:
                self._answer(answer, content, sent=len(content) // 2)
                self.close_connection = True
            elif fault:
                self._break()
            else:
                self._answer(answer, content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_MERGE = handle_any

    def _pass_on(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        if self._upstream is not None and time.monotonic() - self._used > _FRESH:
            self._upstream.close()
            self._upstream = None
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection(*self.server.upstream)
        answered = self._pass_by(self._upstream, body)
        self._used = time.monotonic()
        return answered

    def _pass_on_late(self, body: bytes) -> int:
        """Pass a request on whose sender is gone; return the status, of a batch that of the operation that failed."""
        with closing(http.client.HTTPConnection(*self.server.upstream)) as upstream:
            answer, content = self._pass_by(upstream, body)
        inner = _INNER_STATUS.search(content)
        return int(inner[1]) if inner else answer.status

    def _pass_by(self, upstream: http.client.HTTPConnection, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                upstream.putheader(name, value)
        if body or self.command in ("PUT", "POST"):
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)
        answer = upstream.getresponse()
        return answer, answer.read()

    def _answer(self, answer: http.client.HTTPResponse, content: bytes, *, sent: int | None = None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content[:sent])
        self.wfile.flush()

    def _refuse(self, fault: Refused) -> None:
        message = "The server is not able to do this now."
        if self.server.service == "table":
            text = f'{{"odata.error":{{"code":"{fault.code}","message":{{"lang":"en-US","value":"{message}"}}}}}}'
            kind = "application/json;odata=minimalmetadata"
        else:
            text = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{fault.code}</Code><Message>{message}</Message></Error>"
            kind = "application/xml"
        self.send_response_only(fault.status)
        self.send_header("x-ms-error-code", fault.code)
        self.send_header("Content-Type", kind)
        if fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        self.wfile.flush()

    def _break(self) -> None:
        """Reset the connection, so that the other side sees an error and not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
