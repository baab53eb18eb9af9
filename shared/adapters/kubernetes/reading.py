"""Kubernetes' JSON read with care: it is another system's, and texts in it are anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.adapters.kubernetes.api import Api, Query

Json = Mapping[str, Any]
_PAGE, _MOST_PAGES = 250, 20
_LONGEST = 600
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def each(api: Api, path: Sequence[str], query: Query = ()) -> Iterator[Json]:
    """Read a list page by page, to a bound, with one page in memory. Raise TooOld where it changed too much meanwhile."""
    following = ""
    for _ in range(_MOST_PAGES):
        more = [("continue", following)] if following else []
        answer = api.get(path, [*query, ("limit", str(_PAGE)), *more])
        yield from parts(answer, "items")
        following = part(answer, "metadata").get("continue") or ""
        if not following:
            return


def part(value: Any, *keys: str) -> Json:
    """Go down by keys; empty where there is no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def parts(value: Any, *keys: str) -> Sequence[Json]:
    """Return the objects of a list below keys; nothing where there is none."""
    found = part(value, *keys[:-1]).get(keys[-1])
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def text(value: Any, most: int = _LONGEST) -> str:
    """Return words of anybody's as one line that shows what it is, and not too long."""
    line = " ".join("".join([one if one.isprintable() else " " for one in str(value or "")]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def number(value: Any, default: int = 0) -> int:
    """Return a count."""
    return value if isinstance(value, int) else default


def when(value: Any) -> datetime:
    """Return a time as Kubernetes writes it; long ago where there is none."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):
        return _LONG_AGO


def selector(found: Json) -> str:
    """Write a label selector as lists take it."""
    said = [f"{key}={value}" for key, value in part(found, "matchLabels").items()]
    for one in parts(found, "matchExpressions"):
        key, values = one.get("key"), ",".join(map(str, one.get("values") or ()))
        match one.get("operator"):
            case "In":
                said.append(f"{key} in ({values})")
            case "NotIn":
                said.append(f"{key} notin ({values})")
            case "Exists":
                said.append(f"{key}")
            case _:
                said.append(f"!{key}")
    return ",".join(said)


def owned_by(found: Json, uid: str) -> bool:
    """Whether an object's controller is the one of this uid."""
    return any(one.get("uid") == uid and one.get("controller") for one in parts(found, "metadata", "ownerReferences"))
