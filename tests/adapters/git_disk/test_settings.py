"""Nothing that a repository says beside its commits changes an answer about them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.git_disk.source import GitSource
from tests.support.raw_git import PROGRAM, Leaf, Node, RawGit, link, submodule

SETTINGS = {
    "core": {
        "attributesFile": "../attributes",
        "bare": "false",
        "commitGraph": "true",
        "excludesFile": "../attributes",
        "fsmonitor": "false",
        "hooksPath": "../hooks",
        "ignoreCase": "true",
        "precomposeUnicode": "true",
        "quotePath": "true",
        "useReplaceRefs": "true",
        "warnAmbiguousRefs": "true",
        "worktree": "..",
        "abbrev": "4",
        "notesRef": "refs/notes/x",
        "sshCommand": "false",
        "askPass": "false",
        "symlinks": "false",
        "fileMode": "false",
        "autocrlf": "true",
        "eol": "crlf",
        "sparseCheckout": "true",
        "logAllRefUpdates": "always",
        "alternateRefsCommand": "false",
        "pager": "false",
    },
    "diff": {
        "algorithm": "patience",
        "external": "false",
        "ignoreSubmodules": "all",
        "mnemonicPrefix": "true",
        "noprefix": "true",
        "orderFile": "../order",
        "relative": "true",
        "renameLimit": "1",
        "renames": "copies",
        "submodule": "log",
        "dirstat": "files",
        "wordRegex": ".",
    },
    "log": {
        "abbrevCommit": "true",
        "date": "relative",
        "decorate": "full",
        "diffMerges": "off",
        "excludeDecoration": "*",
        "follow": "true",
        "mailmap": "true",
        "showRoot": "false",
        "showSignature": "true",
    },
    "i18n": {"commitEncoding": "latin-1", "logOutputEncoding": "utf-16"},
    "mailmap": {"blob": "HEAD:mailmap", "file": "../mailmap"},
    "color": {"ui": "always", "diff": "always"},
    "format": {"pretty": "oneline"},
    "transfer": {"hideRefs": "refs"},
    "uploadpack": {"hideRefs": "refs"},
    "uploadarchive": {"allowUnreachable": "true"},
    "submodule": {"recurse": "true"},
    "fetch": {"recurseSubmodules": "true"},
    "pager": {"rev-list": "false", "diff-tree": "false", "cat-file": "false"},
    "alias": {"rev-list": "!false", "diff-tree": "!false", "cat-file": "!false"},
    "tar": {"umask": "0777"},
    "filter.lfs": {"clean": "false", "smudge": "false", "process": "false"},
    "remote.origin": {"url": "ext::false", "promisor": "true", "partialCloneFilter": "blob:none"},
    "credential": {"helper": "!false"},
    "trace2": {"normalTarget": "/dev/stdout"},
    "grep": {"patternType": "perl"},
    "notes": {"displayRef": "*"},
    "rerere": {"enabled": "true"},
    "status": {"relativePaths": "true"},
    "include": {"path": "elsewhere"},
    "safe": {"bareRepository": "explicit"},
}


@pytest.fixture
def shop(tmp_path: Path) -> RawGit:
    """A history with what settings have a say in: a merge, a rename, a link, a submodule, odd names and encodings."""
    shop = RawGit(tmp_path / "shop.git")
    files: dict[str, Node] = {
        "A": "1\n",
        "b": link("A"),
        "c": Leaf(b"2\r\n", PROGRAM),
        "ü": "$Id$",
        "mod": submodule("5" * 40),
    }
    first = shop.commit({"svc": files, ".gitattributes": "* export-ignore text ident", "mailmap": "X <x@x> <a@x>"})
    renamed: dict[str, Node] = {**files, "D": files["A"], "mod": submodule("6" * 40)}
    del renamed["A"]
    side = shop.commit({"svc": renamed}, first, author=b"J\xf6rg <a@x>", headers=b"encoding ISO-8859-1\n")
    other = shop.commit({"svc": files, "docs": "x"}, first, author=b"Docs <d@x>", message=b"Co-authored-by: Z <z@x>\n")
    shop.commit({"svc": renamed, "docs": "x"}, side, other, author=b"Merger <m@x>", branch="main")
    shop.point("refs/heads/x\u2028y", first)
    return shop


def answers(shop: RawGit, folder: Path) -> list[Any]:
    """Everything that a source says of the repository."""
    source = GitSource({"shop": shop.path})
    tip, first = source.tips("shop")["refs/heads/main"], source.tips("shop")["refs/heads/x\u2028y"]
    source.export("shop", tip, (), folder)
    return [
        source.tips("shop"),
        source.tip("shop", "refs/heads/main"),
        source.default_ref("shop"),
        source.merge_base("shop", tip, first),
        source.contains("shop", first, tip),
        source.changed_paths("shop", first, tip),
        source.changed_paths("shop", None, tip),
        source.commits("shop", None, tip, paths=["svc"]),
        source.contributors("shop", None, tip, paths=["svc"]),
        source.contributors("shop", first, tip, paths=["svc/mod"]),
        source.used_paths("shop", tip, ["svc"]),
        source.file("shop", first, "svc/b"),
        source.files("shop", tip, "svc"),
        sorted((path.name, path.read_bytes(), path.stat().st_mode) for path in folder.rglob("*") if path.is_file()),
    ]


def compared(shop: RawGit, change: Callable[[], object]) -> None:
    """Answers before and after a change of something that is no commit."""
    before = answers(shop, shop.path.parent / "before")
    change()
    assert answers(shop, shop.path.parent / "after") == before


@pytest.mark.parametrize("section", SETTINGS)
def test_attack_a_setting_of_the_repository_changes_no_answer(shop: RawGit, section: str) -> None:
    """Each of a section at once: git reads many of them, and obeys none here."""
    name, _, inner = section.partition(".")
    lines = [f'[{name} "{inner}"]' if inner else f"[{name}]"]
    lines += [f"\t{key} = {value}" for key, value in SETTINGS[section].items()]
    (shop.path.parent / "attributes").write_text("* export-ignore\n*.x binary\n")
    (shop.path.parent / "order").write_text("z*\n")
    (shop.path.parent / "mailmap").write_text("Other <other@x> <a@x>\n")

    def change() -> None:
        with (shop.path / "config").open("a") as file:
            file.write("\n".join([*lines, ""]))

    compared(shop, change)


@pytest.mark.parametrize("read", ["commit", "base"])
def test_attack_a_replaced_commit_is_read_as_it_was_pushed(shop: RawGit, read: str) -> None:
    """Whoever may push refs/replace would say who wrote what, and what is built."""
    tips = GitSource({"shop": shop.path}).tips("shop")
    other = shop.commit({"svc": {"A": "evil"}}, author=b"Bob <bob@x>")
    wanted = tips["refs/heads/main" if read == "commit" else "refs/heads/x\u2028y"]

    compared(shop, lambda: shop.point(f"refs/replace/{wanted}", other))


def test_attack_a_replaced_tree_or_blob_is_read_as_it_was_pushed(shop: RawGit) -> None:
    """Not only commits can be replaced."""
    tree, blob = shop.folder({"evil": "1"}), shop.put("blob", b"evil")

    def change() -> None:
        shop.point(f"refs/replace/{shop.put('blob', b'$Id$')}", blob)
        shop.point(f"refs/replace/{shop.folder({'A': '1'})}", tree)

    compared(shop, change)


def test_attack_a_graft_gives_no_commit_other_parents(shop: RawGit) -> None:
    """The file hides all of the history."""
    tip = GitSource({"shop": shop.path}).tip("shop", "refs/heads/main")

    def change() -> None:
        (shop.path / "info").mkdir()
        (shop.path / "info/grafts").write_text(f"{tip}\n")

    compared(shop, change)


def test_attack_a_commit_graph_that_lies_is_not_asked(shop: RawGit) -> None:
    """It says again what commits say, and is believed by whoever asks it: here, that no commit has a parent."""

    def change() -> None:
        write = ["git", f"--git-dir={shop.path}", "commit-graph", "write", "--reachable"]
        subprocess.run(write, check=True, env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull})
        place = shop.path / "objects/info/commit-graph"
        graph = bytearray(place.read_bytes())
        table = [graph[8 + 12 * number : 20 + 12 * number] for number in range(graph[6] + 1)]
        places = {bytes(row[:4]): int.from_bytes(row[4:]) for row in table}
        commits = int.from_bytes(graph[places[b"OIDF"] + 1020 : places[b"OIDF"] + 1024])
        for number in range(commits):
            # gitformat-commit-graph(5): a tree's id, two parents by their numbers, generation and date.
            at = places[b"CDAT"] + number * 36 + 20
            graph[at : at + 8] = (0x70000000).to_bytes(4) * 2
        place.chmod(0o644)
        place.write_bytes(graph)

    compared(shop, change)


def test_attack_attributes_of_the_repository_change_no_answer(shop: RawGit) -> None:
    """info/attributes is nobody's commit at all."""

    def change() -> None:
        (shop.path / "info").mkdir()
        (shop.path / "info/attributes").write_text("* export-ignore export-subst filter=lfs eol=crlf text\n")

    compared(shop, change)
