"""The service over HTTP."""

import json
import threading
import unittest
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer

from app import Handler


class AppTest(unittest.TestCase):
    def setUp(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def tearDown(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, object]]:
        connection = HTTPConnection("127.0.0.1", self.server.server_address[1])
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def test_probes_are_answered(self) -> None:
        self.assertEqual(self.ask("GET", "/healthz"), (200, {"status": "ok"}))

    def test_an_order_becomes_tours(self) -> None:
        order = {
            "vans": 1,
            "capacity": 1000,
            "parcels": [{"id": "b", "grams": 5, "stop": 2}, {"id": "a", "grams": 5, "stop": 1}],
        }

        self.assertEqual(
            self.ask("POST", "/plans", json.dumps(order)),
            (200, {"tours": [{"van": 1, "parcels": ["a", "b"]}]}),
        )

    def test_what_is_no_order_is_refused(self) -> None:
        for body in ("", "[]", '{"vans": 1}', '{"vans": 1, "capacity": 1, "parcels": [{"weight": 1}]}'):
            self.assertEqual(self.ask("POST", "/plans", body)[0], 400, body)

    def test_what_cannot_be_planned_is_a_conflict(self) -> None:
        order = {"vans": 1, "capacity": 1, "parcels": [{"id": "a", "grams": 5, "stop": 1}]}

        self.assertEqual(self.ask("POST", "/plans", json.dumps(order))[0], 409)
