"""Bodies as other systems send them, and changes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parents[1] / "payloads"


def payload(name: str) -> bytes:
    """A recorded body."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def changed(name: str, *path: str | int, to: Any = ...) -> bytes:
    """A recorded body with one value changed; without `to` it is taken out."""
    found = json.loads(payload(name))
    holder = found
    for step in path[:-1]:
        holder = holder[step]
    if to is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = to
    return json.dumps(found).encode()
