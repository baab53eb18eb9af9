"""An image of one layer that holds a service's folder as it is at a commit: to be moved and compared, not to be run."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

from shared.ports.registry import USER_LABEL, USER_UNKNOWN

RUNNABLE = "dev.slipway.runnable"
_ROOT = "app"


def write_layer(folder: Path, into: Path) -> None:
    """Pack a folder below `/app`, sorted and without times and owners: the same content gives the same bytes."""
    with into.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
                member = archive.gettarinfo(path, f"{_ROOT}/{path.relative_to(folder).as_posix()}")
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                member.mtime = 0
                # What git keeps of a mode; the rest is the machine's umask.
                member.mode = 0o755 if member.mode & 0o100 else 0o644
                if member.isfile():
                    with path.open("rb") as content:
                        archive.addfile(member, content)
                else:
                    archive.addfile(member)


def configuration(*, service: str, commit: str, version: str | None, user: str | None) -> Mapping[str, object]:
    """The OCI image configuration, without its rootfs; a user of None is not known, which is not the same as root."""
    labels = {
        "org.opencontainers.image.title": service,
        "org.opencontainers.image.revision": commit,
        RUNNABLE: "false",
    }
    if user is None:
        labels[USER_LABEL] = USER_UNKNOWN
    if version is not None:
        labels["org.opencontainers.image.version"] = version
    return {
        "created": "1970-01-01T00:00:00Z",
        "config": {"User": user or "", "WorkingDir": f"/{_ROOT}", "Labels": labels},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "slipway local build"}],
    }
