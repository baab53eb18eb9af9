"""What the Functions host does in front of the worker: which function a request or a message is for, and in which form it comes.

https://github.com/Azure/azure-functions-host/tree/dev/src/WebJobs.Script.Grpc/MessageExtensions
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from infra.local.host import LocalPerson
from infra.local.host.identity import principal_of
from infra.local.host.routes import rules_for
from tests.support.entra_stand_in import TENANT
from tests.support.worker.running import Result, Worker

# What App Service says where Easy Auth is on, and whose people are let in.
EASY_AUTH = {"WEBSITE_AUTH_ENABLED": "True", "SLIPWAY_ENTRA_TENANT": TENANT}
_HOST = "slipway.azurewebsites.net"
_WHEN = "2026-11-23T12:00:00+00:00"


def by_id(slipway_yaml: str, approver: LocalPerson) -> str:
    """A configuration that names its approvers, with somebody's object id in place of all of them."""
    found, changed = re.subn(r"approvers: \[[^]]*\]", f'approvers: ["{approver.id}"]', slipway_yaml)
    assert changed
    return found


class Platform:
    """The host of one worker."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: LocalPerson | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Result:
        """Send a request of a person, whom Easy Auth has let in, or of nobody. Anything but bytes is sent as JSON."""
        url = urlsplit(path)
        name, route = self._routed(method, url.path)
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"host": _HOST, **(_let_in(who) if who else {}), **(headers or {})}
        value = {
            "method": method,
            "url": f"https://{_HOST}{path}",
            # The host passes names on in lower case.
            "headers": {key.lower(): one for key, one in sent.items()},
            "params": route,
            "query": dict(parse_qsl(url.query)),
            "body": base64.b64encode(content).decode(),
        }
        return self.worker.invoke(name, {"http": value})

    def deliver(self, queue: str, body: str, *, attempts: int = 1) -> Result:
        """Bring a message of a queue; a number comes as JSON, as the host has no other way for it."""
        name = self._triggered("queueName", queue)
        metadata = {
            "Id": {"string": secrets.token_hex(16)},
            "PopReceipt": {"string": secrets.token_hex(16)},
            "DequeueCount": {"json": str(attempts)},
            **{which: {"json": json.dumps(_WHEN)} for which in ("InsertionTime", "ExpirationTime", "NextVisibleTime")},
        }
        return self.worker.invoke(name, {"string": body}, metadata)

    def event(self, name: str, event: Mapping[str, Any]) -> Result:
        """Bring an event of Event Grid, in whichever schema it is."""
        return self.worker.invoke(name, {"json": json.dumps(event)}, {"data": {"json": json.dumps(event.get("data"))}})

    def turn(self, name: str) -> Result:
        """Have a timer's time come."""
        status = {"Last": _WHEN, "Next": _WHEN, "LastUpdated": _WHEN}
        due = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
        return self.worker.invoke(name, {"json": json.dumps(due)})

    def _routed(self, method: str, path: str) -> tuple[str, Mapping[str, str]]:
        rules = [
            Rule(rule, endpoint=name, methods=[str(one) for one in function.trigger["methods"]], merge_slashes=False)
            for name, function in self.worker.functions.items()
            if function.trigger["type"] == "httpTrigger"
            for rule in rules_for(str(function.trigger["route"]), "")
        ]
        try:
            name, values = Map(rules, strict_slashes=False).bind(_HOST).match(quote(path, safe="/%"), method)
        except HTTPException as error:
            raise LookupError(f"no function for {method} {path}: {error}") from error
        return str(name), {key: str(value) for key, value in values.items()}

    def _triggered(self, key: str, value: str) -> str:
        found = [name for name, one in self.worker.functions.items() if one.trigger.get(key) == value]
        if len(found) != 1:
            raise LookupError(f"{found} are for {key} {value}; it takes one")
        return found[0]


def _let_in(who: LocalPerson) -> Mapping[str, str]:
    """The headers of a person of the tenant."""
    headers = principal_of(who)
    found = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    found["claims"].append({"typ": "http://schemas.microsoft.com/identity/claims/tenantid", "val": TENANT})
    return {**headers, "x-ms-client-principal": base64.b64encode(json.dumps(found).encode()).decode()}
