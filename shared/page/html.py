"""HTML that cannot be forgotten to be escaped: text becomes markup in one place."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TypeAlias

_VOID = frozenset({"link", "meta", "br", "hr", "input"})


class Html(str):
    """Markup that was made here; every other text is escaped."""

    __slots__ = ()


Child: TypeAlias = "Html | str | int | Iterable[Child] | None"


def element(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """Return an element. `class_` is class, `data_url` is data-url; None and False leave an attribute out."""
    start = name + "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{start}>") if name in _VOID else Html(f"<{start}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Html:
    """Return children one after the other."""
    return Html("".join(_child(one) for one in children))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return html.escape(str(child))
    return joined(child)


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
