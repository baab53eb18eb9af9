"""Whose fault it is when Helm says no."""

from __future__ import annotations

import re
from typing import Any

from shared.ports.errors import AdapterError, NotFound, Permanent, Transient

# The library gives one class for everything a registry or a repository answers; the rest is in the words of Go's
# net, net/http and oras packages.
_NOT_LET_IN = re.compile(r"status code 40[13]|unauthorized|denied|forbidden", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|status code 404|name unknown|manifest unknown", re.IGNORECASE)
_OUT_OF_REACH = re.compile(
    r"dial tcp|connection re|no such host|timeout|deadline exceeded|\bEOF\b|status code (429|5\d\d)|\bTLS\b|x509",
    re.IGNORECASE,
)

# Of what a child may fail by, what no chart brings about.
_OURS = frozenset({"HelmIOError", "HelmLibraryError", "HelmInvalidHandleError", "ImportError", "ModuleNotFoundError"})


def of_answer(doing: str, answer: Any, *, output: int) -> Any:
    """Return what a child did, or raise what its failing means. Its answer is as little to be trusted as the chart.

    The chart chose whom a child asks: an answer of theirs that nobody understands is its fault.
    """
    if isinstance(answer, dict) and "done" in answer:
        return answer["done"]
    failed, why = (str(answer.get(key) or "") for key in ("failed", "why")) if isinstance(answer, dict) else ("", "")
    message = f"{doing}: {_one_line(why)}"
    if failed in ("HelmRegistryError", "HelmRepoError"):
        raise _of_outside(message)
    if failed == "TooMuch":
        raise Permanent(f"{doing}: the chart makes more than {output // (1024 * 1024)} MiB; make it smaller")
    if failed in _OURS:
        raise Permanent(f"{doing}: Helm gave up: {_one_line(why)}", ours=True)
    if failed == "RecursionError":
        message = f"{doing}: values are nested too deep"
    raise Permanent(f"{message}; correct the chart or its values")


def _of_outside(message: str) -> AdapterError:
    if _OUT_OF_REACH.search(message):
        return Transient(message)
    if _NOT_LET_IN.search(message):
        return Permanent(f"{message}; the registry does not let us in, look at our credentials", ours=True)
    if _NOT_THERE.search(message):
        return NotFound(message)
    return Permanent(message)


def _one_line(text: str) -> str:
    return " ".join(text.split())
