"""Random hostile histories are read as an oracle reads them, which knows their objects and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.git_disk.source import GitSource
from shared.ports.errors import Permanent
from tests.support.fuzzing import many
from tests.support.git_histories import FOLDERS, NAMES, a_history
from tests.support.git_oracle import Oracle

pytestmark = pytest.mark.slow
_TEXT = [folder for folder in FOLDERS if "\udcff" not in folder]


@many(300)
@given(st.integers(0, 2**48))
def test_a_hostile_history_is_read_as_its_objects_say(seed: int) -> None:
    """Used paths, who wrote them, files, exports and branches, whatever refs, grafts, attributes and settings say."""
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        history = a_history(Path(folder) / "shop.git", chance)
        source, oracle = GitSource({"shop": history.repository.path}), Oracle(history.repository.path)
        commit = chance.choice(history.commits[-3:])
        base = chance.choice((None, *history.commits))
        paths = [*chance.sample(_TEXT, chance.randint(1, 2)), f"{chance.choice(_TEXT)}/{chance.choice(NAMES)}"]

        used = source.used_paths("shop", commit, paths)
        assert asdict(used) == asdict(oracle.used(commit, paths))
        found = source.contributors("shop", base, commit, paths=used.paths)
        assert found.unknown == ""
        assert [(one.name, one.mail) for one in found.people] == oracle.contributors(base, commit, used.paths)
        assert source.tips("shop") == history.refs
        _compare_files(source, oracle, commit, paths[-1])
        _compare_export(source, oracle, commit, Path(folder) / "into")


def _compare_files(source: GitSource, oracle: Oracle, commit: str, path: str) -> None:
    wanted = oracle.file(commit, path)
    if "\n" in path or oracle.refuses(commit, path):
        with pytest.raises(Permanent):
            source.file("shop", commit, path)
    else:
        assert source.file("shop", commit, path) == wanted


def _compare_export(source: GitSource, oracle: Oracle, commit: str, into: Path) -> None:
    source.export("shop", commit, (), into)
    expected = {
        path: node
        for path, node in oracle.files(commit).items()
        if node.kind in ("file", "program") or (node.kind == "link" and not oracle.leads_out(commit, path))
    }
    found = {
        tuple(os.path.relpath(place, os.fsencode(into)).split(b"/")): place for place in _written(os.fsencode(into))
    }
    assert found.keys() == {path for path, node in expected.items() if node.kind != "link" or node.content}
    for path, place in found.items():
        node = expected[path]
        assert os.path.islink(place) == (node.kind == "link")
        if node.kind == "link":
            assert os.readlink(place) == node.content
            # Whatever the kernel makes of it, it stays inside.
            assert os.path.realpath(place).startswith(os.path.realpath(os.fsencode(into)))
        else:
            assert Path(os.fsdecode(place)).read_bytes() == node.content
            assert os.access(place, os.X_OK) == (node.kind == "program")


def _written(into: bytes) -> Iterator[bytes]:
    for around, folders, files in os.walk(into):
        for name in (*files, *(one for one in folders if os.path.islink(os.path.join(around, one)))):
            yield os.path.join(around, name)
