"""What dependencies are fetched through: every connection is checked, and goes to the address that was checked."""

from __future__ import annotations

import base64
import re
import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed leaves it out

from shared.adapters.helm_charts.hosts import Allowed, Hosts
from shared.ports.errors import AdapterError, Permanent, Transient

_HEAD = 64 * 1024
_PATIENCE = 30  # seconds of silence
_PIECE = 256 * 1024
# Of all that one chart has fetched, indexes of repositories with it, which may have tens of MiB each.
MOST_FETCHED = 512 * 1024 * 1024
_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
_OF_PROXY = re.compile(rb"^(?:proxy-[^:\r\n]*|connection):[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)


class Gateway:
    """A proxy for one fetching; `outgoing` may name the machine's own, by which it goes then."""

    def __init__(self, chart: str, hosts: Hosts, outgoing: Mapping[str, str]) -> None:
        self._chart, self._hosts = chart, hosts
        found = {name.lower(): value for name, value in sorted(outgoing.items(), reverse=True)}
        self._proxies = {
            scheme: found[f"{scheme}_proxy"] for scheme in ("http", "https", "no") if f"{scheme}_proxy" in found
        }
        self._troubles: list[AdapterError] = []
        self._left, self._counting = MOST_FETCHED, threading.Lock()
        gateway = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    gateway._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, request_queue_size = True, 32

        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def trouble(self) -> AdapterError | None:
        """What went wrong on the way, what is refused before what is out of reach."""
        return self.refused or next(iter(self._troubles), None)

    @property
    def refused(self) -> Permanent | None:
        """What was not asked."""
        return next((one for one in self._troubles if isinstance(one, Permanent)), None)

    @contextmanager
    def serving(self) -> Iterator[Gateway]:
        """Serve for a while."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            # Who is still being served is let go of: the threads end with their connections.
            self._server.server_close()
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(_PATIENCE)
        head, rest = _head(client)
        asked = _REQUEST.match(head)
        if asked is None:
            return
        method, target = asked[1].decode(), asked[2].decode("ascii", "replace")
        tunnel = method == "CONNECT"
        try:
            allowed = self._hosts.allowed(self._chart, f"https://{target}" if tunnel else target)
            server = self._connected("https" if tunnel else "http", allowed)
        except AdapterError as error:
            self._troubles.append(error)
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with server:
            if tunnel:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                server.sendall(self._forwarded(head, method, target, allowed.host))
            server.sendall(rest)
            self._relay(client, server)

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        while True:
            ready = select.select(list(other), [], [], _PATIENCE)[0]
            if not ready:
                return
            for one in ready:
                piece = one.recv(_PIECE)
                if not piece or (one is server and not self._may_take(len(piece))):
                    return
                other[one].sendall(piece)

    def _may_take(self, size: int) -> bool:
        """Count what is fetched: it comes to lie on the disk."""
        with self._counting:
            self._left -= size
            if self._left < 0:
                self._troubles.append(
                    Permanent(
                        f"dependencies of chart {self._chart}: more than {MOST_FETCHED >> 20} MiB would be fetched; depend "
                        "on less, or on charts in an OCI registry, which needs no index of all there are"
                    )
                )
            return self._left >= 0

    def _connected(self, scheme: str, allowed: Allowed) -> socket.socket:
        place = f"{allowed.host}:{allowed.port}"
        proxy = self._proxy(scheme, allowed.host)
        try:
            if proxy is None:
                return _first(allowed)
            # It looks the name up itself, and has rules of its own.
            found = urlsplit(proxy)
            server = socket.create_connection((found.hostname or "", found.port or 80), _PATIENCE)
            if scheme == "https":
                _tunnel(server, allowed, _shown(proxy))
        except OSError as error:
            raise Transient(f"dependencies of chart {self._chart}: {place} is out of reach: {error}") from error
        return server

    def _proxy(self, scheme: str, host: str) -> str | None:
        proxy = self._proxies.get(scheme)
        if proxy is None or proxy_bypass_environment(host, self._proxies):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"

    def _forwarded(self, head: bytes, method: str, target: str, host: str) -> bytes:
        proxy = self._proxy("http", host)
        found = urlsplit(target)
        path = f"{found.path or '/'}{'?' if found.query else ''}{found.query}"
        line = f"{method} {path if proxy is None else target} HTTP/1.1\r\nConnection: close\r\n{_shown(proxy)}"
        # One request each, as the next one may be for somebody else.
        return line.encode() + _OF_PROXY.sub(b"", head.partition(b"\r\n")[2])


def _head(stream: socket.socket) -> tuple[bytes, bytes]:
    found = b""
    while b"\r\n\r\n" not in found and len(found) < _HEAD:
        piece = stream.recv(_PIECE)
        if not piece:
            break
        found += piece
    head, end, rest = found.partition(b"\r\n\r\n")
    return head + end, rest


def _first(allowed: Allowed) -> socket.socket:
    error = OSError("nobody knows the name")
    for address in allowed.addresses:
        try:
            return socket.create_connection((address, allowed.port), _PATIENCE)
        except OSError as failed:
            error = failed
    raise error


def _tunnel(server: socket.socket, allowed: Allowed, shown: str) -> None:
    host = f"[{allowed.host}]" if ":" in allowed.host else allowed.host
    place = f"{host}:{allowed.port}"
    server.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{shown}\r\n".encode())
    answer = _head(server)[0].partition(b"\r\n")[0].decode(errors="replace")
    if " 200" not in answer:
        server.close()
        raise OSError(f"the proxy says {answer[:100] or 'nothing'}")


def _shown(proxy: str | None) -> str:
    found = urlsplit(proxy or "")
    if found.username is None:
        return ""
    said = f"{unquote(found.username)}:{unquote(found.password or '')}"
    return f"Proxy-Authorization: Basic {base64.b64encode(said.encode()).decode()}\r\n"
