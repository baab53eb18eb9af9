"""A server on one of this machine's addresses, and what it was asked for."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """Where it is, and the paths that it was asked for."""

    host: str
    paths: list[str] = field(default_factory=list)


@contextmanager
def serving(
    body: bytes = b"", *, status: int = 200, headers: Mapping[str, str] | None = None, address: str = "127.0.0.1"
) -> Iterator[Asked]:
    """Answer everybody alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.paths.append(self.path)
            self.send_response(status)
            for name, text in (headers or {}).items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with http.server.ThreadingHTTPServer((address, 0), Handler) as server:
        asked = Asked(f"{address}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()
