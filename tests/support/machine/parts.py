"""The parts of the machine that tests need beyond Python packages: where they are, and what to do without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.local.azurite import program

WORKER_PYTHON = (3, 13)
ADVICE = "run `make machine`, which installs it or says why it cannot"


@dataclass(frozen=True, slots=True)
class Part:
    """A program, by the names it goes by, and what tests do with it."""

    name: str
    programs: tuple[str, ...]
    purpose: str


PARTS = (
    Part(
        "docker-registry",
        ("docker-registry",),
        "CNCF distribution, the registry that adapters are tried against",
    ),
    Part("skopeo", ("skopeo",), "a client of registries that is not ours"),
    Part("chromium", ("chromium", "chromium-browser", "google-chrome"), "the browser that opens the page"),
    Part("bubblewrap", ("bwrap",), "what gives the commands of a build a disk and processes of their own"),
    Part("curl", ("curl",), "what the documents' examples of the API are tried with"),
    Part("azurite", ("azurite",), "Azure's storage emulator, for the Tables and Queues adapters"),
)


def program_folders() -> tuple[Path, ...]:
    """The folders of the cache that hold programs."""
    return (program.cache_folder() / "registry/usr/bin",)


def on_path() -> str:
    """PATH with what the cache holds behind what the machine has."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, program_folders())])


def find(name: str) -> Path | None:
    """The program of a part, or None; raise KeyError for a part that nobody declared."""
    part = {part.name: part for part in PARTS}[name]
    if part.name == "azurite":
        command = program.find()  # a script that is worth nothing without its Node.js
        return Path(command[-1]) if command else None
    found = (shutil.which(one, path=on_path()) for one in part.programs)
    return next((Path(one) for one in found if one), None)


def required(name: str = "") -> bool:
    """Whether a missing part is a failure: where a pipeline promised that everything runs, or `REQUIRED` names it."""
    return os.environ.get("CI", "").lower() in {"1", "true"} or name in os.environ.get("REQUIRED", "").split()


def without(name: str, *, skip: Callable[[str], None], fail: Callable[[str], None]) -> None:
    """Skip, or fail where everything has to run, if the part is missing."""
    if find(name) is None:
        say = fail if required(name) else skip
        say(f"did not run: {name} is missing; {ADVICE}")


def without_worker(version: tuple[int, ...], *, skip: Callable[[str], None], fail: Callable[[str], None]) -> None:
    """Do the same for Microsoft's Functions worker on a Python that it does not know; its name is `worker`."""
    if version < WORKER_PYTHON:
        say = fail if required("worker") else skip
        say("did not run: Microsoft's worker needs Python 3.13; install it, then `make distclean` and start again")
