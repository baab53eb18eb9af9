"""Requests to a storage account by what they are, for counting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

# A receiver's own: on Azure the Functions host's, which asks and acknowledges whatever the message is about.
HOST = frozenset({"receive", "receive nothing", "acknowledge"})
_TABLES = {"GET": "get", "POST": "insert", "PUT": "put", "PATCH": "put", "MERGE": "put", "DELETE": "delete"}
_QUEUES = {
    ("GET", "messages"): "receive",
    ("POST", "messages"): "send",
    ("DELETE", "message"): "acknowledge",
    ("PUT", "message"): "hide",
    ("PUT", "queue"): "make",
    ("GET", "queue"): "count",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request and how it was answered; 0 where it was not. `service` is "table", "queue" or "blob"."""

    service: str
    kind: str
    method: str
    target: str
    status: int = 0
    sent: int = 0

    @property
    def path(self) -> str:
        """What it is about, below the account."""
        return unquote(urlsplit(self.target).path).split("/", 2)[-1]

    @property
    def filter(self) -> str:
        """What a query of a table asks for."""
        return parse_qs(urlsplit(self.target).query).get("$filter", [""])[0]


def kind_of(service: str, method: str, target: str) -> str:
    """Say what a request is, as far as that is seen before it is answered."""
    path = urlsplit(target).path.split("/", 2)[-1]
    if service == "table":
        if path.startswith("Tables"):
            return "make"
        if path == "$batch":
            return "batch"
        return "query" if method == "GET" and path.endswith("()") else _TABLES.get(method, method.lower())
    if service == "queue":
        if method == "GET" and "comp=list" in urlsplit(target).query:
            return "list"
        about = {0: "queue", 1: "messages", 2: "message"}[min(path.rstrip("/").count("/"), 2)]
        return _QUEUES.get((method, about), method.lower())
    return method.lower()


def kind_answered(call: Call, answer: bytes) -> str:
    """Say what a request was, with its answer; a queue that is empty, or not there yet, is the host's patience."""
    if call.kind == "receive" and call.status in (200, 404) and b"<QueueMessage>" not in answer:
        return "receive nothing"
    return call.kind


def counted(calls: Iterable[Call]) -> Mapping[str, int]:
    """Count requests by service and kind."""
    return Counter(f"{call.service} {call.kind}" for call in calls)


def ours(counts: Mapping[str, int]) -> int:
    """How many of them were not the host's own."""
    return sum(number for name, number in counts.items() if name.partition(" ")[2] not in HOST)


def lines(counts: Mapping[str, int]) -> list[str]:
    """Write a table of counts, the host's own apart."""
    own = {name: number for name, number in counts.items() if name.partition(" ")[2] in HOST}
    rest = sorted((name, number) for name, number in counts.items() if name not in own)
    return [
        *(f"{number:6}  {name}" for name, number in rest),
        f"{ours(counts):6}  in all",
        *(f"{number:6}  {name} (the host's own)" for name, number in sorted(own.items())),
    ]


ONE_RANGE = re.compile(r"PartitionKey eq '(?:[^']|'')*' and RowKey ge '(?:[^']|'')*' and RowKey lt '(?:[^']|'')*'")
