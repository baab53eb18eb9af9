"""The delivery service: POST /plans plans a day's tours, GET /healthz answers probes."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from plan import CannotPlan, Parcel, plan

MOST_BYTES = 1_000_000


class Handler(BaseHTTPRequestHandler):
    """Speaks JSON; a request that cannot be served is answered with what is wrong with it."""

    def do_GET(self) -> None:
        """Answer probes."""
        if self.path == "/healthz":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": f"nothing at {self.path}; POST /plans"})

    def do_POST(self) -> None:
        """Plan tours from `{"vans", "capacity", "parcels": [{"id", "grams", "stop", "express"?}]}`."""
        if self.path != "/plans":
            self.answer(404, {"error": f"nothing at {self.path}; POST /plans"})
            return
        try:
            order = json.loads(self.body())
            tours = plan(
                [Parcel(**each) for each in order["parcels"]],
                vans=int(order["vans"]),
                capacity=int(order["capacity"]),
            )
        except CannotPlan as error:
            self.answer(409, {"error": str(error)})
        except (KeyError, TypeError, ValueError) as error:
            self.answer(400, {"error": f"not an order: {error}"})
        else:
            self.answer(
                200,
                {"tours": [{"van": tour.van, "parcels": [parcel.id for parcel in tour.parcels]} for tour in tours]},
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
