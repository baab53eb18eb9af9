"""Keys of a chart's description that Helm takes for others: it compares without regard to case, and folds letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

# Charts of the older kind list what they take in beside what they are. Helm reads both, of charts of either kind.
DESCRIPTIONS = ("Chart.yaml", "requirements.yaml")
# What says which charts are taken in; the last ones stand in each dependency.
_WORDS = ("apiVersion", "name", "version", "dependencies")
_OF_DEPENDENCIES = ("repository", "alias", "condition", "tags", "enabled", "import-values")


def folded(key: object) -> str:
    """Return a key as it is compared: whoever compares more loosely than Helm sees all that Helm sees."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", str(key)).casefold())


_KNOWN = {folded(word): word for word in (*_WORDS, *_OF_DEPENDENCIES)}


def misspelt(description: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each key that is a known one only after folding, and the known one. Others who look would not see it."""
    listed = description.get("dependencies")
    for one in (description, *(listed if isinstance(listed, list) else ())):
        for key in one if isinstance(one, Mapping) else ():
            known = _KNOWN.get(folded(key))
            if known is not None and known != key:
                yield str(key), known
