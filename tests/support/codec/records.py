"""Any value of a domain type, for hypothesis: every field is drawn, none is left at its default."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct

from shared.domain.state.release import ServiceState
from shared.domain.values.artifact import Artifact, ArtifactPart, PartKind
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.version import Version

# A duration that the library reads again.
LONGEST = timedelta(days=100_000_000)

_TEXT = st.text(max_size=8)
_NAME = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    timedelta: st.timedeltas(min_value=-LONGEST, max_value=LONGEST),
    Digest: st.integers(min_value=0, max_value=2**256 - 1).map(lambda number: Digest(f"sha256:{number:064x}")),
    ServiceKey: st.builds(ServiceKey, _NAME, _NAME),
    Version: st.tuples(*[st.integers(0, 12)] * 3, st.sampled_from(("", "-rc.1", "-alpha"))).map(
        lambda parts: Version.parse(f"{parts[0]}.{parts[1]}.{parts[2]}{parts[3]}")
    ),
}


@cache
def any_of(type_: Any) -> st.SearchStrategy[Any]:
    """Return what draws values of the type: a leaf, a word, a dataclass, a union, a tuple or a mapping of those."""
    if type_ in _LEAVES:
        return _LEAVES[type_]
    if type_ is type(None):
        return st.none()
    origin, inner = get_origin(type_), get_args(type_)
    if origin in (Union, types.UnionType):
        return st.one_of([any_of(one) for one in inner])
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return st.lists(any_of(inner[0]), max_size=2).map(tuple)
        return st.tuples(*(any_of(one) for one in inner))
    if origin is Mapping:
        return st.dictionaries(any_of(inner[0]), any_of(inner[1]), max_size=2)
    if issubclass(type_, StrEnum):
        return st.sampled_from(type_)
    assert issubclass(type_, Struct)
    hints = get_type_hints(type_)
    drawn = {name: any_of(hints[name]) for name in type_.__struct_fields__}
    return st.builds(type_, **{**drawn, **({"parts": _parts()} if type_ is Artifact else {})})


def _parts() -> st.SearchStrategy[tuple[ArtifactPart, ...]]:
    """What may be an artifact's parts: an image, maybe another one, maybe a chart."""

    def part(kind: PartKind, where: str) -> st.SearchStrategy[ArtifactPart]:
        repository = _TEXT.map(lambda text: f"{where}{text}")
        return st.builds(ArtifactPart, kind=st.just(kind), repository=repository, digest=_LEAVES[Digest], tag=_TEXT)

    more = (part(PartKind.IMAGE, "b/"), part(PartKind.CHART, "c/"))
    every = st.tuples(part(PartKind.IMAGE, "a/"), *(st.none() | one for one in more))
    return every.map(lambda found: tuple(one for one in found if one is not None))


def _by_key(releases: list[Any]) -> dict[str, Any]:
    return {release.version.key(): release for release in releases}


def _some(type_: type, key: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(any_of(type_), max_size=2).map(lambda all_: {getattr(one, key): one for one in all_})


@cache
def any_state() -> st.SearchStrategy[ServiceState]:
    """Return what draws a service's state whose mappings are keyed as the domain keys them; nothing is ended."""
    hints = get_type_hints(ServiceState)
    return st.builds(
        ServiceState,
        service=any_of(ServiceKey),
        policy=any_of(hints["policy"]),
        numbers=any_of(hints["numbers"]),
        environments=_some(get_args(hints["environments"])[1], "name"),
        releases=st.lists(any_of(get_args(hints["releases"])[1]), max_size=2).map(_by_key),
        validations=_some(get_args(hints["validations"])[1], "ref"),
        holds=any_of(hints["holds"]),
    )
