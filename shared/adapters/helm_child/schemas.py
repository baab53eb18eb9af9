"""What a chart's schema may lead to: Helm would fetch, or read from the disk, whatever a schema names."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import helm_python as helm

_NAME = "values.schema.json"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_2019 = ("core", "applicator", "validation", "meta-data", "format", "content")
_2020 = (*(one for one in _2019 if one != "format"), "unevaluated", "format-annotation", "format-assertion")
# What Helm has built in, so that nobody is asked.
_BUILT_IN = frozenset(
    f"{scheme}://json-schema.org/{path}"
    for scheme in ("http", "https")
    for path in (
        "schema",
        *(f"draft-{number}/schema" for number in ("04", "06", "07")),
        *(f"draft/{year}/schema" for year in ("2019-09", "2020-12")),
        *(f"draft/2019-09/meta/{name}" for name in _2019),
        *(f"draft/2020-12/meta/{name}" for name in _2020),
    )
)


class SchemaUnfit(Exception):
    """A schema that cannot be read, or that leads out of its document."""


def check(chart: str) -> None:
    """Raise SchemaUnfit where a schema of a folder or package, or of a chart within, leads anywhere else."""
    folder = Path(chart)
    for file in sorted(folder.rglob(_NAME)) if folder.is_dir() else ():
        _check(f"{folder.name}/{file.relative_to(folder)}", file.read_bytes())
    # What is packed is seen as Helm itself unpacks it: others may read an archive otherwise.
    if folder.is_file() or any(folder.rglob("charts/*.tgz")):
        for name, content in _unpacked(chart):
            _check(name, content)


def _unpacked(chart: str) -> Iterator[tuple[str, bytes]]:
    with TemporaryDirectory(prefix="slipway-schemas-") as scratch:
        with helm.Chart.load(chart) as loaded:
            written = loaded.save(scratch)
        with tarfile.open(written, "r:gz") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name.endswith(f"/{_NAME}") else None
                if stream is not None:
                    yield member.name, stream.read()


def _check(where: str, content: bytes) -> None:
    def looked_at(pairs: list[tuple[str, object]]) -> dict[str, object]:
        # Each pair, also of a key that comes twice; and everywhere, as a reference may make a schema of anything.
        for key, value in pairs:
            if isinstance(value, str) and _leads_out(key, value):
                raise SchemaUnfit(
                    f'{where}: "{key}": "{value[:200]}" leads out of the document, and nothing is fetched for a schema; '
                    f"put what it means into {_NAME} and refer to it by #/"
                )
        return dict(pairs)

    try:
        json.loads(content.decode(errors="replace"), object_pairs_hook=looked_at)
    except RecursionError as error:
        raise SchemaUnfit(f"{where} is nested too deep") from error
    except ValueError as error:
        raise SchemaUnfit(f"{where} is no JSON: {error}") from error


def _leads_out(key: str, value: str) -> bool:
    if key == "$schema":
        return value.removesuffix("#") not in _BUILT_IN
    return key in _REFERENCES and not value.startswith("#") and value.partition("#")[0] not in _BUILT_IN
