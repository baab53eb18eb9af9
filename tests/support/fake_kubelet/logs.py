"""Logs of pods, as the API server asks a node for them: over TLS, from whoever has a certificate of the cluster's CA."""

from __future__ import annotations

import http.server
import socketserver
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from tests.support.fake_kubelet.pods import Pod

_STEP, _LONGEST = 0.5, 600  # seconds, looks


class LogServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """`GET /containerLogs/NAMESPACE/POD/CONTAINER`; `find` gives a pod by namespace and name."""

    daemon_threads = True

    def __init__(self, folder: Path, find: Callable[[str, str], Pod | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.find = find
        trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "pki/ca.crt"))
        trusted.load_cert_chain(folder / "pki/kubelet.crt", folder / "pki/kubelet.key")
        trusted.verify_mode = ssl.CERT_REQUIRED
        self.socket = trusted.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LogServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""

    def do_GET(self) -> None:
        """Answer with the lines that a pod's annotation gives, or with two that say what it is."""
        asked = urllib.parse.urlsplit(self.path)
        options = dict(urllib.parse.parse_qsl(asked.query))
        match asked.path.strip("/").split("/"):
            case ["containerLogs", namespace, name, container]:
                pod = self.server.find(namespace, name)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "no such path\n")
                return
        if pod is None:
            self._answer(HTTPStatus.NOT_FOUND, f'pod "{name}" not found\n')
            return
        lines = pod.lines(container)
        if options.get("timestamps") == "true":
            lines = [f"{pod.started} {line}" for line in lines]
        if "tailLines" in options:
            lines = lines[len(lines) - min(int(options["tailLines"]), len(lines)) :]
        if options.get("follow") == "true":
            self._follow(pod, lines)
        else:
            self._answer(HTTPStatus.OK, "".join(f"{line}\n" for line in lines))

    def _follow(self, pod: Pod, lines: list[str]) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        for line in lines:
            data = f"{line}\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        for _ in range(_LONGEST):
            if pod.gone or not pod.lasts:
                break
            threading.Event().wait(_STEP)
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
