"""One archive for one content: Helm's own packages differ with the files' times."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path


def rewrite(package: Path, into: Path) -> None:
    """Write the package's content again, sorted and without times and owners."""
    with tarfile.open(package, "r:gz") as archive:
        held = {member.name: archive.extractfile(member) for member in archive}
        content = {name: stream.read() for name, stream in held.items() if stream is not None}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as target:
        # Chart.yaml first, as Helm has it: who only wants to know what this is need not read on.
        for name in sorted(
            content, key=lambda name: (not (name.count("/") == 1 and name.endswith("/Chart.yaml")), name)
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content[name]), 0o644
            target.addfile(member, io.BytesIO(content[name]))
    # Not gzip.compress, whose header differs between versions of Python.
    with into.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
        packed.write(buffer.getvalue())
    # Helm writes the file's time into the manifest it pushes (org.opencontainers.image.created).
    os.utime(into, (0, 0))
