"""Route templates as Azure Functions has them, turned into Werkzeug's rules."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PARAMETER = re.compile(r"\{(\*{0,2})([A-Za-z_]\w*)(\?)?\}")
# The one way to say "the root" with a parameter; seen in the wild, so accepted beside "/".
_NOTHING = re.compile(r"(^|/)\{\w+:maxlength\(0\)\?\}$")
_RESERVED = ("admin", "runtime", "local")


class BadRoute(ValueError):
    """The template is none that routes on Azure and here alike."""


def rules_for(template: str, prefix: str) -> tuple[str, ...]:
    """Return the Werkzeug rules that together match what the template matches on Azure; raise BadRoute."""
    if not template:
        raise BadRoute("an empty route is the function's name on Azure; write '/' for the root")
    path = _NOTHING.sub("", template.removeprefix("/"))
    if path.split("/")[0].lower() in _RESERVED and not prefix:
        raise BadRoute(f"route {template!r} begins with a reserved word ({', '.join(_RESERVED)})")
    whole = "/".join(part for part in (prefix, path) if part)
    if re.search(r"[{}<>|]", _PARAMETER.sub("", whole)):
        raise BadRoute(f"route {template!r} holds something else than {{name}}, {{name?}} and {{*name}}")
    rule = "/" + _PARAMETER.sub(lambda found: f"<{'path:' if found[1] else ''}{found[2]}>", whole)
    optional = [found for found in _PARAMETER.finditer(whole) if found[1] or found[3]]
    if not optional:
        return (rule,)
    last = optional[-1]
    if len(optional) > 1 or last.end() != len(whole) or whole[: last.start()][-1:] not in ("", "/"):
        raise BadRoute(f"route {template!r} may leave out only its last segment")
    return (rule, "/" + whole[: last.start()].rstrip("/"))


def shape_of(rule: str) -> str:
    """Return the rule without its parameters' names: two rules of one shape match the same paths."""
    return re.sub(r"<(path:)?\w+>", lambda found: f"<{found[1] or ''}>", rule).lower()


def path_of(target: str) -> str:
    """Return the path of a request target, decoded except for %2F: an encoded slash is part of its segment, as on Azure."""
    path = target.split("?", 1)[0]
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return unquote(re.sub("%2f", "%252F", path, flags=re.IGNORECASE))
