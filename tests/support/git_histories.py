"""Random hostile histories: merges of all kinds, links, moves, attributes, odd names, and settings that lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.raw_git import PROGRAM, Leaf, Node, RawGit, link, submodule

_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
# As git's first versions wrote them, and other programs.
MODES = (PROGRAM, PROGRAM, b"100664", b"0100644", b"100775", b"100600")
POINTERS = (
    _POINTER,
    b"version https://hawser.github.com/spec/v1\noid sha256:0\nsize 3\n",
    b"\nversion http://git-media.io/v/2\noid sha256:0\nsize 3\n",
    _POINTER.ljust(1023),
    _POINTER.ljust(1024),
    b"version https://git-lfs.github.com/spec/v0\n",
)
FOLDERS = ("svc", "lib", "svc/sub", "charts/svc", "lib/deep/er", "a b", "odd\udcff", "x\u2028y")
NAMES = ("a", "b", "Chart.yaml", ".gitattributes", "li\nne", "*", "-x", "l1", "l2", "sub", "deep")
TARGETS = (
    "../lib",
    "a",
    "l1",
    "l2",
    "../svc/l1",
    "../svc",
    "/etc/passwd",
    "..",
    "../..",
    "../../..",
    ".",
    "gone/../../lib",
    "sub/../../lib/deep",
    "../lib/deep/../../svc/a",
    "deep/er/a",
    "../odd\udcff/a",
    "../x\u2028y",
    "../lib/l1/a",
    "../charts/svc/",
    "",
    "a/b",
    "../mod/inner",
    "../mod/",
    "../mod/inner/../../lib",
    "gone/../../mod/inner",
    "../../../lib",
)
PEOPLE = (
    b"Ada <ada@example.com>",
    b"Bob <bob@example.com>",
    b"Cy Co <cy@example.com>",
    b"No Mail <>",
    b" <only@example.com>",
    b"J\xf6rg <joerg@example.com>",
    "J\u00f6rg <j\u00f6rg@example.com>".encode(),
    b"Two <one@example.com> <two@example.com>",
    b"Open <open@example.com",
    b"a\xff\xfe <\xff@example.com>",
    "Sep\u2028arate <sep\u2028@example.com>".encode(),
)
TRAILERS = (
    b"Co-authored-by: ",
    b"co-authored-by:",
    b"CO-AUTHORED-BY:\t",
    b"  Co-Authored-By : ",
    b"Co-authored-by:  ",
)
NOT_TRAILERS = (b"xCo-authored-by: X <x@example.com>\n", b"Reviewed-by: R <r@example.com>\n", b"> quoted\n", b"\n")
ENDS = (b"\n", b"\r\n", b"\n\n", b"\nand more\n", b"\0", b"")
SETTINGS = (
    "[core]\n\tquotePath = true\n\tignoreCase = true\n\tcommitGraph = true\n\tuseReplaceRefs = true\n",
    "[core]\n\tworktree = ..\n",
    "[core]\n\tattributesFile = ../attributes\n\tprecomposeUnicode = true\n",
    "[diff]\n\tignoreSubmodules = all\n\trenames = copies\n\tnoprefix = true\n\trelative = true\n\texternal = false\n",
    "[log]\n\tshowRoot = false\n\tfollow = true\n\tmailmap = true\n\tdate = relative\n[format]\n\tpretty = oneline\n",
    "[i18n]\n\tlogOutputEncoding = utf-16\n\tcommitEncoding = latin-1\n[mailmap]\n\tblob = HEAD:svc/a\n",
    '[remote "origin"]\n\turl = ext::false\n\tpromisor = true\n[transfer]\n\thideRefs = refs\n',
    "[color]\n\tui = always\n[pager]\n\trev-list = false\n[alias]\n\trev-list = !false\n",
)
REFS = (
    "feature/caf\u2028e",
    "feature/\u0085",
    "x\u2029y",
    "a@b",
    "-dash",
    "release/svc/v1.0.0",
    "emoji\U0001f600",
    "per%cent",
    "quo\"te'",
    "HEAD",
    "f" * 40,
    "refs/heads/main",
)


@dataclass
class History:
    """A repository with its commits, oldest first, and its branches."""

    repository: RawGit
    commits: list[str] = field(default_factory=list)
    trees: dict[str, Mapping[str, Node]] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)


def a_history(path: Path, chance: Random, *, size: int = 14) -> History:
    """Write a history of at most so many commits."""
    history = History(RawGit(path))
    for _ in range(chance.randint(2, size)):
        _commit(history, chance)
    for name in chance.sample(REFS, 3):
        history.refs[f"refs/heads/{name}"] = chance.choice(history.commits)
    for ref, commit in history.refs.items():
        history.repository.point(ref, commit)
    history.repository.point(b"refs/heads/no\xfftext", history.commits[0])
    _lie(history, chance)
    return history


def _lie(history: History, chance: Random) -> None:
    """Have the repository say other things than its commits do."""
    repository = history.repository
    for commit in chance.sample(history.commits, chance.randint(0, 2)):
        other = repository.commit({}, author=b"Liar <liar@example.com>")
        repository.point(f"refs/replace/{commit}", chance.choice([other, *history.commits]))
    (repository.path / "info").mkdir()
    grafts = [f"{commit} {chance.choice(history.commits)}\n" for commit in chance.sample(history.commits, 2)]
    (repository.path / "info/grafts").write_text("".join(grafts))
    (repository.path / "info/attributes").write_text("* export-ignore export-subst\n")
    with (repository.path / "config").open("a") as file:
        file.writelines(chance.sample(SETTINGS, 3))


def _commit(history: History, chance: Random) -> None:
    known = history.commits
    count = 0 if not known or chance.random() < 0.05 else chance.choice((1, 1, 1, 1, 2, 2, 2, 3))
    # Mostly near the newest, so that sides are long enough to matter.
    parents = tuple(dict.fromkeys(known[-min(len(known), 1 + int(chance.expovariate(0.5)))] for _ in range(count)))
    tree = _merged(history, parents, chance)
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        chance.choices(CHANGES, WEIGHTS)[0](tree, chance)
    encoding = b"encoding ISO-8859-1\n" if chance.random() < 0.2 else b""
    headers = b"gpgsig -----BEGIN\n author Not <not@example.com> 1 +0000\n END\n" if chance.random() < 0.2 else b""
    id = history.repository.commit(
        tree,
        *parents,
        author=chance.choice(PEOPLE),
        committer=chance.choice(PEOPLE),
        message=_message(chance),
        headers=encoding + headers,
        branch="main",
    )
    history.refs["refs/heads/main"] = id
    if id not in history.trees:
        history.commits.append(id)
    history.trees[id], history.parents[id] = tree, parents


def _message(chance: Random) -> bytes:
    message = b"Subject\n\n" if chance.random() < 0.9 else b""
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        message += chance.choice(NOT_TRAILERS) + chance.choice(TRAILERS) + chance.choice(PEOPLE[:4] + PEOPLE[5:7])
        message += chance.choice(ENDS)
    return message


def _merged(history: History, parents: tuple[str, ...], chance: Random) -> dict[str, Node]:
    """A merge's tree: one side, a folder of each, or both over one another."""
    if not parents:
        return {}
    sides = [_copy(history.trees[parent]) for parent in parents]
    match chance.choice(("first", "any", "mixed", "both")):
        case "first":
            return sides[0]
        case "any":
            return chance.choice(sides)
        case "mixed":
            names = {name for side in sides for name in side}
            picked = {name: chance.choice(sides).get(name) for name in sorted(names)}
            return {name: node for name, node in picked.items() if node is not None}
        case _:
            return {name: node for side in sides for name, node in side.items()}


def _copy(tree: Mapping[str, Node]) -> dict[str, Node]:
    return {name: _copy(node) if isinstance(node, Mapping) else node for name, node in tree.items()}


Tree = dict[str, Node]


def _inside(tree: Tree, path: str) -> Tree:
    """The folder at a path, made where there is none, whatever was in its place."""
    for name in path.split("/"):
        found = tree.get(name)
        tree[name] = found if isinstance(found, dict) else {}
        tree = tree[name]  # type: ignore[assignment]
    return tree


def _write(tree: Tree, chance: Random) -> None:
    content = chance.choice((b"1", b"2", b"3", b"* export-ignore\n", chance.choice(POINTERS)))
    _inside(tree, chance.choice(FOLDERS))[chance.choice(NAMES)] = Leaf(content)


def _link(tree: Tree, chance: Random) -> None:
    _inside(tree, chance.choice(FOLDERS))[chance.choice(NAMES)] = link(os.fsencode(chance.choice(TARGETS)))


def _link_a_folder(tree: Tree, chance: Random) -> None:
    """A service, chart or library that is a link itself."""
    tree[chance.choice(("svc", "lib", "charts", "mod"))] = link(
        chance.choice(("lib", "svc", "a b", "charts/svc", "gone", ".."))
    )


def _delete(tree: Tree, chance: Random) -> None:
    _take(tree, chance)


def _take(tree: Tree, chance: Random) -> Node | None:
    folder = _inside(tree, chance.choice(FOLDERS)) if chance.random() < 0.7 else tree
    return folder.pop(chance.choice(sorted(folder))) if folder else None


def _move(tree: Tree, chance: Random) -> None:
    node = _take(tree, chance)
    if node is not None:
        _inside(tree, chance.choice(FOLDERS))[chance.choice(NAMES)] = node


def _duplicate(tree: Tree, chance: Random) -> None:
    source = tree.get(chance.choice(("svc", "lib", "charts")))
    if source is not None:
        node = _copy(source) if isinstance(source, Mapping) else source
        tree[chance.choice(("svc", "lib", "copy"))] = node


def _chmod(tree: Tree, chance: Random) -> None:
    folder = _inside(tree, chance.choice(FOLDERS))
    for name, node in folder.items():
        if isinstance(node, Leaf) and node.mode != PROGRAM and node.content in (b"1", b"2"):
            folder[name] = Leaf(node.content, chance.choice(MODES))
            return


def _attributes(tree: Tree, chance: Random) -> None:
    place = tree if chance.random() < 0.5 else _inside(tree, chance.choice(FOLDERS))
    place[".gitattributes"] = Leaf(chance.choice((b"* export-ignore\n", b"a export-subst\n", b"* filter=lfs\n")))


def _submodule(tree: Tree, chance: Random) -> None:
    if chance.random() < 0.5:
        tree["mod"] = submodule(chance.choice(("5", "6")) * 40)
    else:
        _inside(tree, chance.choice(FOLDERS))["mod"] = submodule()


CHANGES: tuple[Callable[[Tree, Random], None], ...] = (
    _write,
    _link,
    _link_a_folder,
    _delete,
    _move,
    _duplicate,
    _chmod,
    _attributes,
    _submodule,
)
WEIGHTS = (8, 4, 1, 2, 2, 1, 1, 1, 1)
