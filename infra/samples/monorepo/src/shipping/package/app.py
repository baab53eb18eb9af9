"""The package service: POST /labels weighs, prices and labels a parcel, GET /healthz answers probes."""

from __future__ import annotations

import itertools
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from label import CannotShip, Parcel, label, price

MOST_BYTES = 10_000
NUMBERS = itertools.count(1)


class Handler(BaseHTTPRequestHandler):
    """Speaks JSON; a request that cannot be served is answered with what is wrong with it."""

    def do_GET(self) -> None:
        """Answer probes."""
        if self.path == "/healthz":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": f"nothing at {self.path}; POST /labels"})

    def do_POST(self) -> None:
        """Label a parcel from `{"zone", "grams", "length", "width", "height"}`."""
        if self.path != "/labels":
            self.answer(404, {"error": f"nothing at {self.path}; POST /labels"})
            return
        try:
            asked = json.loads(self.body())
            zone = int(asked.pop("zone"))
            parcel = Parcel(**{key: int(value) for key, value in asked.items()})
            cents = price(parcel, zone)
        except CannotShip as error:
            self.answer(409, {"error": str(error)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": f"not a parcel: {error}"})
        else:
            self.answer(
                200,
                {"label": label(next(NUMBERS), zone), "charged_grams": parcel.charged_grams, "cents": cents},
            )

    def body(self) -> bytes:
        """Read the request, up to a limit."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        return self.rfile.read(length)

    def answer(self, status: int, document: object) -> None:
        """Send a JSON document."""
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: the platform logs requests."""


def main() -> None:
    """Serve until stopped."""
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()


if __name__ == "__main__":
    main()
