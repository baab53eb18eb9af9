"""What builds may take of the disk: while they run, and in caches that outlive them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.adapters.local_build.caches import Caches
from shared.adapters.local_build.disk import DiskWatch, Taken, remove, taken
from shared.build_settings import MIB, BuildSettings
from shared.ports.builder import BuildOrder, BuildOutcome
from tests.support.build_site import Site

TestsOnly = Callable[[str], BuildOrder]
NO_BOUND = Taken(1 << 60, 1 << 60)


@contextmanager
def filled(caches: Caches, service: str, size: int = MIB, *, at: int = 0) -> Iterator[Path]:
    """A build that fetches something, at a time."""
    with caches.used(service) as folder:
        folder.mkdir(exist_ok=True)
        (folder / "fetched").write_bytes(os.urandom(size))
        yield folder
    if at:
        lock = folder.with_name(f"{folder.name}.lock")
        os.utime(lock, (at, at))


@contextmanager
def below_many(folder: Path, levels: int, *, branches: int = 1, name: str = "x" * 200) -> Iterator[int]:
    """The innermost of many folders in each other, opened; beside each lie others that are empty."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        for branch in range(branches):
            os.mkdir(f"{name}{branch}", dir_fd=here)
        inner = os.open(f"{name}0", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    yield here
    os.close(here)


def left(root: Path) -> set[str]:
    """The caches there are."""
    return {found.name for found in root.iterdir() if found.is_dir()}


def test_the_cache_that_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    """As soon as all together take too much, and no more of them than have to."""
    caches = Caches(tmp_path, most_bytes=3 * MIB + MIB // 2)
    names = {}
    for at, service in enumerate("abcad", 1000):
        with filled(caches, service, at=at) as folder:
            names[service] = folder.name

    assert left(tmp_path) == {names["a"], names["c"], names["d"]}


def test_a_cache_that_alone_takes_too_much_is_thrown_away(tmp_path: Path) -> None:
    """The next build begins anew; another service's stays."""
    caches = Caches(tmp_path, most_bytes=2 * MIB)
    with filled(caches, "large", 3 * MIB, at=1000):
        pass
    with filled(caches, "small") as small:
        pass

    assert left(tmp_path) == {small.name}


def test_attack_a_cache_of_endless_empty_files(tmp_path: Path) -> None:
    """Inodes run out as well."""
    caches = Caches(tmp_path, most_bytes=1 << 40, most_files=50)
    with caches.used("s") as folder:
        folder.mkdir()
        for number in range(51):
            (folder / str(number)).touch()

    assert left(tmp_path) == set()


def test_a_cache_that_a_build_uses_stays(tmp_path: Path) -> None:
    """However much it takes; it goes once nobody uses it."""
    caches = Caches(tmp_path, most_bytes=2 * MIB)
    with filled(caches, "s", 3 * MIB) as folder:
        with filled(Caches(tmp_path, most_bytes=2 * MIB), "s", 3 * MIB):
            pass
        during = folder.exists()

    assert (during, folder.exists()) == (True, False)


def test_what_a_dead_host_had_half_thrown_away_goes_too(tmp_path: Path) -> None:
    """It is nobody's cache any more."""
    (tmp_path / "0123-validation.gone-1" / "x").mkdir(parents=True)

    with filled(Caches(tmp_path, most_bytes=MIB << 10), "s") as folder:
        pass

    assert left(tmp_path) == {folder.name}


def test_attack_a_link_in_a_caches_place_leads_to_nothing_being_removed(tmp_path: Path) -> None:
    """Where nothing keeps builds to their folders, one may put it there."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "theirs").write_bytes(b"x" * 2 * MIB)
    caches = Caches(tmp_path / "caches", most_bytes=MIB)
    with caches.used("s") as folder:
        folder.symlink_to(other)
    with filled(caches, "t", 2 * MIB):
        pass

    assert (other / "theirs").exists()
    assert not any(found.is_symlink() for found in (tmp_path / "caches").iterdir())


@pytest.mark.parametrize("branches", [1, 3])
def test_attack_what_lies_too_deep_for_a_path_counts_and_is_removed(tmp_path: Path, branches: int) -> None:
    """Attack: a path to it is longer than the kernel takes."""
    folder = tmp_path / "deep"
    folder.mkdir()
    with below_many(folder, 60, branches=branches) as here:
        for number in range(300):
            os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY, dir_fd=here))

    assert taken([folder], most=NO_BOUND)[1:] == (60 * branches + 300, False)
    assert taken([folder], most=Taken(1 << 60, 200)).files > 200
    remove(folder)
    assert not folder.exists()


def test_attack_a_tree_of_too_many_branches_is_hidden_and_costs_no_more_open_files(tmp_path: Path) -> None:
    """Attack: a host that opens all of them has none left."""
    opened = len(os.listdir("/proc/self/fd"))
    with below_many(tmp_path, 250, branches=2):
        pass

    assert taken([tmp_path], most=NO_BOUND).hidden
    assert len(os.listdir("/proc/self/fd")) == opened
    remove(tmp_path)


def test_folders_that_nobody_may_write_in_are_removed(tmp_path: Path) -> None:
    """Go keeps modules so."""
    inner = tmp_path / "gomod" / "m"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    inner.chmod(0o555)

    remove(tmp_path / "gomod")

    assert not (tmp_path / "gomod").exists()


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    """Package managers link what they keep."""
    (tmp_path / "a").write_bytes(os.urandom(MIB))
    os.link(tmp_path / "a", tmp_path / "b")

    assert taken([tmp_path], most=NO_BOUND).bytes < 2 * MIB


def test_a_watch_looks_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before some seconds are over, as it takes time, where the disk does not fill."""
    monkeypatch.setattr("os.statvfs", lambda _: os.statvfs_result([1] * 10))
    now = [0.0]
    watch = DiskWatch([tmp_path], most=Taken(1 << 60, 0), clock=lambda: now[0])
    (tmp_path / "file").touch()

    seen = []
    for at in (0.5, 10.0, 30.0):
        now[0] = at
        seen.append(watch.look())

    assert seen == [False, False, True]


def test_attack_tests_that_fill_the_disk_are_ended(site: Site, tests_only: TestsOnly) -> None:
    """They fail with what to do, long before their time is over."""
    site.limits = BuildSettings(disk=64 * MIB)
    script = (
        "import os\n"
        "for n in range(100):\n"
        "    with open(f'{n}', 'wb') as file: file.write(os.urandom(1 << 20)); os.fsync(file.fileno())\n"
        "import time; time.sleep(1000)\n"
    )

    result = site.build(tests_only(script))

    assert result.outcome is BuildOutcome.FAILED
    assert "the tests of delivery took more than 64 MiB or 1,000,000 files of the disk" in result.reason
    assert "SLIPWAY_BUILD_DISK_MIB" in result.reason


def test_a_commit_that_is_too_large_fails_its_build(site: Site) -> None:
    """With service, commit and size; it is the change's fault, and nothing of it was written."""
    site.limits = BuildSettings(disk=2 * MIB)

    result = site.build(site.order({"large.bin": b"x" * 3 * MIB}, id="large"))

    assert result.outcome is BuildOutcome.FAILED
    assert result.reason.startswith("delivery 1.0.2: step ")
    assert (
        f"commit {(site.repository.tip() or '')[:12]} of repository monorepo takes 3 MiB of the disk" in result.reason
    )


@pytest.mark.parametrize("service", ["delivery", "package"])
def test_builds_keep_caches_within_their_bound(site: Site, tests_only: TestsOnly, service: str) -> None:
    """A build that fetched more than all caches may take leaves none."""
    site.limits = BuildSettings(caches=MIB)
    script = (
        "import os, pathlib\n"
        "kept = pathlib.Path(os.environ['PIP_CACHE_DIR']); kept.mkdir(parents=True)\n"
        "(kept / 'x').write_bytes(os.urandom(2 << 20))\n"
        "print('Ran 1 test in 0.1s'); print('OK')\n"
    )
    first = tests_only(script)

    result = site.build(site.order(test=first.test, steps=first.steps, version=None, service=service))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert left(site.folder.parent / "caches") == set()
