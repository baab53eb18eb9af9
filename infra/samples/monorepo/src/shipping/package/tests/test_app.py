"""The service over HTTP."""

import json
import threading
import unittest
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer

from app import Handler
from label import is_label


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

    def test_a_parcel_gets_a_label_and_a_price(self) -> None:
        status, answer = self.ask(
            "POST", "/labels", json.dumps({"zone": 2, "grams": 1500, "length": 20, "width": 10, "height": 10})
        )

        self.assertEqual((status, answer["charged_grams"], answer["cents"]), (200, 1500, 900))
        self.assertTrue(is_label(str(answer["label"])))

    def test_no_two_parcels_get_the_same_label(self) -> None:
        parcel = json.dumps({"zone": 1, "grams": 1, "length": 1, "width": 1, "height": 1})

        self.assertEqual(len({self.ask("POST", "/labels", parcel)[1]["label"] for _ in range(5)}), 5)

    def test_what_is_no_parcel_is_refused(self) -> None:
        for body in ("", "[]", '{"zone": 1}', '{"zone": 1, "colour": 3}'):
            self.assertEqual(self.ask("POST", "/labels", body)[0], 400, body)

    def test_what_no_tariff_takes_is_a_conflict(self) -> None:
        parcel = {"zone": 1, "grams": 90_000, "length": 1, "width": 1, "height": 1}

        self.assertEqual(self.ask("POST", "/labels", json.dumps(parcel))[0], 409)
