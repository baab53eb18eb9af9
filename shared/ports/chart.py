"""Helm charts: dependencies, package, lint, pull, render. Small enough to swap the library behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.domain.policies.setting import Setting
from shared.domain.values.names import Digest
from shared.domain.values.placeholders import expand
from shared.ports.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """What lint says of a chart: `error` fails a build, `warning` and `info` are shown.

    `line` is 0, and `value` empty, where they are not known.
    """

    severity: str
    path: str
    message: str
    line: int = 0
    value: str = ""


class UnreadManifests(Permanent):
    """Manifests of which some documents cannot be judged: what is wrong with each, by its place, and the objects of the others.

    `whole`: each was read, as Helm does; what is wrong is that not everybody sees the same in it.
    """

    def __init__(
        self,
        faults: Sequence[tuple[str, str]],
        objects: Sequence[Mapping[str, object]] = (),
        *,
        whole: bool = False,
    ) -> None:
        first = "; ".join(f"{place}: {problem}" for place, problem in faults[:5])
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        super().__init__(f"{first}{more}; correct the template")
        self.faults, self.objects, self.whole = tuple(faults), tuple(objects), whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What to render a chart with: values files in order (later wins), then single settings (`image.tag` → what it becomes).

    `paths` say where the files lie, for whoever is told that one cannot be read; they change nothing.
    """

    release_name: str
    namespace: str
    values: tuple[bytes, ...] = ()
    paths: tuple[str, ...] = ()
    set: tuple[tuple[str, Setting | str], ...] = ()

    @property
    def named_values(self) -> tuple[tuple[str, bytes], ...]:
        """The values files by what they are called: by their paths where these are known."""
        numbers = (f"values file {number}" for number in range(1, len(self.values) + 1))
        return tuple(zip(self.paths or numbers, self.values, strict=True))

    @property
    def settings(self) -> dict[str, Setting]:
        """The single settings by their keys, in order; a bare text is a text."""
        return {key: value if isinstance(value, Setting) else Setting(value) for key, value in self.set}


def write_rendering(rendering: Rendering) -> bytes:
    """Write what a chart is rendered with, to be kept: the values files are UTF-8, or nothing was rendered."""
    values = [[name, content.decode()] for name, content in rendering.named_values]
    single = [[key, setting.kind, setting.text] for key, setting in rendering.settings.items()]
    return json.dumps({"values": values, "set": single}, ensure_ascii=True).encode()


def read_rendering(content: bytes, release_name: str, namespace: str) -> Rendering:
    """See write_rendering; where it is rendered is for the place to say."""
    found = json.loads(content)
    return Rendering(
        release_name=release_name,
        namespace=namespace,
        values=tuple(text.encode() for _, text in found["values"]),
        paths=tuple(name for name, _ in found["values"]),
        set=tuple((key, Setting(text=text, kind=kind)) for key, kind, text in found["set"]),
    )


def filled(
    release_name: str,
    namespace: str,
    *,
    paths: Sequence[str],
    settings: Sequence[tuple[str, Setting]],
    placeholders: Mapping[str, str],
    read: Callable[[str], bytes | None],
) -> tuple[Rendering, tuple[tuple[str, bytes | None], ...]]:
    """Fill an environment's templates, the same way for a build's check and for what is deployed.

    `read` returns a values file, None where there is none, which is left out of the rendering and told beside it.
    Raise InvalidValue for a placeholder that means nothing.
    """
    expanded = [expand(path, placeholders) for path in paths]
    single = tuple((key, setting.expanded(placeholders)) for key, setting in settings)
    files = tuple((path, read(path)) for path in expanded)
    there = [(path, content) for path, content in files if content is not None]
    rendering = Rendering(
        release_name=release_name,
        namespace=namespace,
        values=tuple(content for _, content in there),
        paths=tuple(path for path, _ in there),
        set=single,
    )
    return rendering, files


class Charts(Protocol):
    """Raise Permanent for a chart that is at fault, with file and line where known; Transient for the outside."""

    def lint(
        self, chart: Path, renderings: Sequence[Rendering] = (), *, root: Path | None = None
    ) -> Sequence[LintFinding]:
        """Look at a chart folder as each rendering would have it; what only its bare default values break is left out.

        Without renderings its own values are all there is, and what they break counts. `root` is how far links may lead.
        """
        ...

    def package(self, chart: Path, *, version: str, app_version: str, into: Path, root: Path | None = None) -> Path:
        """Fetch dependencies and write `<name>-<version>.tgz` below `into`; the same content gives the same bytes.

        Links are followed as far as they stay below `root`, by itself the folder that holds the chart and what it depends on.
        """
        ...

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the chart that the digest names and return the package; raise NotFound, or Permanent if the bytes differ.

        The folder `into` is made if it is not there.
        """
        ...

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """Render a package or folder to manifests (YAML documents) without a cluster."""
        ...

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """Read manifests as Helm and Kubernetes do, one object for each document that is not empty.

        Raise UnreadManifests for documents that cannot be judged.
        """
        ...
