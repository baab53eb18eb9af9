"""The files of one service in one environment, and the trailers of the commits that write them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.adapters import yaml_reading
from shared.ports.errors import Permanent
from shared.ports.source import Commit

MANIFESTS = "manifests.yaml"
PROMOTION = "promotion.yaml"
STATUS = "status.yaml"

EFFECT = "Slipway-Effect"
TURN = "Slipway-Turn"
PROMOTED = "Slipway-Promotion"
PATH = "Slipway-Path"
_TRAILER = re.compile(r"([A-Za-z][A-Za-z-]*): (.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEPT_EFFECTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """The promotion that wrote a folder last; `recent` are the effects before it, newest first.

    `manifests` is the SHA-256 of what it wrote, None where it removed the service.
    """

    turn: int
    effect: str
    manifests: str | None
    recent: tuple[str, ...] = ()

    def knows(self, effect: str) -> bool:
        """Whether the effect has written this folder already."""
        return effect == self.effect or effect in self.recent

    def followed_by(self, turn: int, effect: str, manifests: bytes | None) -> Promoted:
        """Return the record of the next promotion."""
        recent = (self.effect, *self.recent)[:_KEPT_EFFECTS]
        return Promoted(turn=turn, effect=effect, manifests=hash_of(manifests), recent=recent)


def hash_of(manifests: bytes | None) -> str | None:
    """The hash that a record keeps of manifests."""
    return None if manifests is None else hashlib.sha256(manifests).hexdigest()


def checked_folder(path: str) -> str:
    """Return the folder as git names it; raise Permanent(ours) for one that is not inside the repository."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    outside = path.startswith("/") or ".." in parts or any(part.casefold() == ".git" for part in parts)
    if not parts or outside or _CONTROL.search(path) or "\\" in path:
        raise Permanent(
            f"{path!r} is not a folder inside the GitOps repository; correct deploy.gitops.path in slipway.yaml",
            ours=True,
        )
    return "/".join(parts)


def encode(promoted: Promoted, about: Mapping[str, str]) -> bytes:
    """Write the record as YAML, with what people like to see beside it; it differs for each promotion."""
    fields: dict[str, object] = {
        "turn": promoted.turn,
        "effect": promoted.effect,
        **about,
        "manifests": promoted.manifests,
        "recent": list(promoted.recent),
    }
    text = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())
    return ("# Written by Slipway with each promotion; changes by hand are lost.\n" + text).encode("utf-8", "replace")


def decode(content: bytes | None) -> Promoted | None:
    """Read a record; None where there is none, or somebody made it unreadable."""
    found = read_mapping(content)
    turn, effect, manifests = found.get("turn"), found.get("effect"), found.get("manifests")
    recent = found.get("recent")
    if not isinstance(turn, int) or not isinstance(effect, str):
        return None
    return Promoted(
        turn=turn,
        effect=effect,
        manifests=manifests if isinstance(manifests, str) else None,
        recent=tuple(one for one in recent if isinstance(one, str)) if isinstance(recent, list) else (),
    )


def from_history(folder: str, commits: Sequence[Commit]) -> Promoted | None:
    """Make up the record from commits, newest first; None where none of them is a promotion into the folder."""
    found = [
        trailers
        for trailers in (trailers_of(commit.message) for commit in commits)
        if trailers.get(PATH) == one_line(folder)
    ]
    promotions = [(t[TURN], t[EFFECT]) for t in found if t.get(TURN, "").isdecimal() and EFFECT in t]
    if not promotions:
        return None
    effects = tuple(effect for _, effect in promotions)
    return Promoted(
        turn=int(promotions[0][0]), effect=effects[0], manifests=None, recent=effects[1 : _KEPT_EFFECTS + 1]
    )


def read_mapping(content: bytes | None) -> Mapping[str, object]:
    """Read a small YAML mapping; empty for anything else, such as one that grows when it is read."""
    try:
        return yaml_reading.read_mapping(content or b"")
    except ValueError:
        return {}


def message(subject: str, trailers: Mapping[str, str]) -> str:
    """A commit message; neither subject nor trailer can start a line of its own."""
    lines = "".join(f"{key}: {one_line(value)}\n" for key, value in trailers.items())
    return f"{one_line(subject)}\n\n{lines}"


def trailers_of(text: str) -> Mapping[str, str]:
    """Trailers of a commit message: its last paragraph."""
    last = text.rstrip().rpartition("\n\n")[2]
    return {found[1]: found[2] for found in map(_TRAILER.fullmatch, last.splitlines()) if found is not None}


def one_line(text: str) -> str:
    """Return the text as subject and trailers hold it."""
    return " ".join(text.split())
