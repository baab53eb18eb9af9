"""Whose fault it is when Helm says no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from shared.ports.errors import AdapterError, NotFound, Permanent, Transient

# The library gives one class for everything a registry or a repository answers; the rest is in the words of Go's
# net, net/http and oras packages.
_NOT_LET_IN = re.compile(r"\b40[13]\b|unauthorized|denied|forbidden", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|\b404\b|name unknown|manifest unknown", re.IGNORECASE)
_WRONG_BYTES = re.compile(r"mismatch|improper constraint|invalid reference", re.IGNORECASE)
_OUT_OF_REACH = re.compile(
    r"dial |connection re|no such host|timeout|deadline exceeded|\bEOF\b|\b429\b|\b5\d\d\b|\bTLS\b|x509",
    re.IGNORECASE,
)


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Turn what Helm raises into Permanent, NotFound or Transient; `doing` starts the message."""
    import helm_python as helm

    try:
        yield
    except helm.HelmRegistryError as error:
        raise _of_registry(f"{doing}: {error.detail}") from error
    except helm.HelmRepoError as error:
        raise _of_dependency(f"{doing}: {error.detail}") from error
    except (
        helm.HelmChartLoadError,
        helm.HelmChartInvalidError,
        helm.HelmValuesError,
        helm.HelmRenderError,
    ) as error:
        raise Permanent(f"{doing}: {_one_line(error.detail)}; correct the chart or its values") from error
    except helm.HelmError as error:
        raise Permanent(f"{doing}: Helm gave up: {_one_line(error.detail)}", ours=True) from error


def _of_registry(message: str) -> AdapterError:
    if _NOT_LET_IN.search(message):
        return Permanent(f"{message}; the registry does not let us in, look at our credentials", ours=True)
    if _NOT_THERE.search(message):
        return NotFound(message)
    if _WRONG_BYTES.search(message):
        return Permanent(message)
    return Transient(message)


def _of_dependency(message: str) -> AdapterError:
    if _OUT_OF_REACH.search(message):
        return Transient(message)
    if _NOT_LET_IN.search(message):
        return Permanent(f"{message}; the repository does not let us in, look at our credentials", ours=True)
    if _NOT_THERE.search(message):
        return NotFound(message)
    return Permanent(message)


def _one_line(text: str) -> str:
    return " ".join(text.split())
