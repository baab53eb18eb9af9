"""Small YAML from outside as plain data, with a bound on all that it can grow to."""

from __future__ import annotations

from collections.abc import Mapping

MOST_BYTES, MOST_DEPTH = 64 * 1024, 20


def read_mapping(content: bytes, *, most: int = MOST_BYTES) -> Mapping[str, object]:
    """Read keys and values; raise ValueError, saying why, for anything else, such as one that grows when it is read."""
    import yaml

    if len(content) > most:
        raise ValueError(f"is larger than {most // 1024} KiB")
    try:
        depth = 0
        for event in yaml.parse(content, Loader=yaml.SafeLoader):
            # A few bytes of aliases can stand for gigabytes.
            if isinstance(event, yaml.AliasEvent):
                raise ValueError(f"holds the alias *{str(event.anchor)[:40]}")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MOST_DEPTH:
                raise ValueError(f"is nested deeper than {MOST_DEPTH} levels")
        found = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"is no YAML: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ValueError("does not hold keys and values")
    return found
