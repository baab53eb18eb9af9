"""A source of commits in memory: what git would say, without git."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.names import Person
from shared.ports.errors import NotFound
from shared.ports.source import Commit, Contributor, Contributors, UsedPaths, is_below

MAIN = "refs/heads/main"
_LINK = b"-> "
_TRAILER = re.compile(r"(?im)^co-authored-by: *([^<\n]*)<([^>\n]*)>")


class Troubles:
    """What goes wrong next, by the name of a call (`registry.copy`), and every call that was made."""

    def __init__(self) -> None:
        self._next: dict[str, list[Exception]] = defaultdict(list)
        self.before: dict[str, Callable[[], object]] = {}
        self.watched: dict[str, Callable[[], object]] = {}
        self.calls: list[str] = []

    def add(self, call: str, *errors: Exception) -> None:
        """Have the next calls fail, one after the other."""
        self._next[call].extend(errors)

    def clear(self, call: str) -> None:
        """Have a call work again."""
        self._next.pop(call, None)

    def hit(self, call: str) -> None:
        """Note a call; do what stands in its way, raise what was added for it."""
        self.calls.append(call)
        if call in self.watched:
            self.watched[call]()
        if call in self.before:
            self.before.pop(call)()
        if self._next[call]:
            raise self._next[call].pop(0)


@dataclass(frozen=True)
class _Kept:
    commit: Commit
    parent: str | None
    tree: Mapping[str, bytes]


@dataclass
class _Repository:
    commits: dict[str, _Kept] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)


class MemorySource:
    """Repositories whose commits have one parent. A ref is moved by `commit`, or by hand in `refs`."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._repositories: dict[str, _Repository] = {}
        self.unknown = ""
        self.outside: tuple[str, ...] = ()

    def create(self, repository: str) -> None:
        """Add an empty repository."""
        self._repositories[repository] = _Repository()

    def refs(self, repository: str) -> dict[str, str]:
        """The refs themselves: what is changed here is pushed."""
        return self._repositories[repository].refs

    def commit(
        self,
        repository: str,
        ref: str,
        files: Mapping[str, bytes | None],
        *,
        by: Person,
        message: str = "Change",
        base: str | None = None,
        committer: Person | None = None,
    ) -> str:
        """Commit files (None removes one) on top of the ref, or of `base` or main where it is new; return the id."""
        kept = self._repositories[repository]
        parent = base or kept.refs.get(ref) or kept.refs.get(MAIN)
        tree = dict(kept.commits[parent].tree) if parent else {}
        for path, content in files.items():
            if content is None:
                tree.pop(path, None)
            else:
                tree[path] = content
        second = committer or by
        told = repr((parent, sorted(tree.items()), by.id, second.id, message)).encode()
        name = hashlib.sha1(told).hexdigest()
        mail = by.mails[0] if by.mails else by.id
        commit = Commit(
            id=name,
            author_name=by.name,
            author_mail=mail,
            committer_name=second.name,
            committer_mail=second.mails[0] if second.mails else second.id,
            message=message,
        )
        kept.commits[name] = _Kept(commit, parent, tree)
        kept.refs[ref] = name
        return name

    def repositories(self) -> Sequence[str]:
        """See Source."""
        return sorted(self._repositories)

    def default_ref(self, repository: str) -> str:
        """See Source."""
        self._repository(repository)
        return MAIN

    def tip(self, repository: str, ref: str) -> str | None:
        """See Source."""
        return self._repository(repository).refs.get(ref)

    def tips(self, repository: str) -> Mapping[str, str]:
        """See Source."""
        return dict(self._repository(repository).refs)

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """See Source."""
        mine = {kept.commit.id for kept in self._history(repository, one)}
        return next((kept.commit.id for kept in self._history(repository, other) if kept.commit.id in mine), None)

    def contains(self, repository: str, ancestor: str, commit: str) -> bool:
        """See Source."""
        self._troubles.hit("source.contains")
        return any(kept.commit.id == ancestor for kept in self._history(repository, commit))

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """See Source."""
        self._troubles.hit("source.changed_paths")
        return self._changed(repository, base, commit)

    def _changed(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        before = self._kept(repository, base).tree if base else {}
        after = self._kept(repository, commit).tree
        return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))

    def commits(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = (), most: int = 2000
    ) -> Sequence[Commit]:
        """See Source."""
        known = {kept.commit.id for kept in self._history(repository, base)} if base else set()
        new = (kept for kept in self._history(repository, commit) if kept.commit.id not in known)
        return [kept.commit for kept in new if self._touches(repository, kept, paths)][:most]

    def contributors(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = ()
    ) -> Contributors:
        """See Source; trailers stand as they do in git, and `unknown` is what was said in advance."""
        found: set[Contributor] = set()
        for one in self.commits(repository, base, commit, paths=paths, most=1_000_000):
            found |= {
                Contributor(one.author_name, one.author_mail),
                Contributor(one.committer_name, one.committer_mail),
            }
            found |= {Contributor(name.strip(), mail) for name, mail in _TRAILER.findall(one.message)}
        return Contributors(people=tuple(sorted(found)), unknown=self.unknown)

    def used_paths(self, repository: str, commit: str, paths: Sequence[str]) -> UsedPaths:
        """See Source. A link is a file whose content begins with `-> `, and leads from the root to a file or folder."""
        tree, used, pending = self._kept(repository, commit).tree, set[str](), list(paths)
        while pending:
            path = pending.pop()
            used.add(path)
            for link, content in tree.items():
                if content.startswith(_LINK) and (is_below(link, path) or is_below(path, link)):
                    to = content.removeprefix(_LINK).decode() + path[len(link) :]
                    pending += {link, to} - used
        attributes = {f"{around}/.gitattributes".lstrip("/") for path in used for around in _above(path)}
        every = used | attributes
        outermost = {one for one in every if not any(is_below(one, other) for other in every - {one})}
        folders = {one for one in used if any(is_below(path, one) and path != one for path in tree)}
        return UsedPaths(paths=tuple(sorted(outermost)), folders=tuple(sorted(folders)), outside=self.outside)

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """See Source."""
        self._troubles.hit(f"source.file {path}")
        found = self._kept(repository, commit).tree.get(path)
        return (
            self.file(repository, commit, found[len(_LINK) :].decode()) if found and found.startswith(_LINK) else found
        )

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """See Source."""
        return sorted(path for path in self._kept(repository, commit).tree if not under or is_below(path, under))

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """See Source."""
        for path, content in self._kept(repository, commit).tree.items():
            if not paths or any(is_below(path, one) for one in paths):
                (into / path).parent.mkdir(parents=True, exist_ok=True)
                (into / path).write_bytes(content)

    def _repository(self, name: str) -> _Repository:
        self._troubles.hit("source")
        if name not in self._repositories:
            raise NotFound(f"repository {name} is not served here")
        return self._repositories[name]

    def _kept(self, repository: str, commit: str) -> _Kept:
        found = self._repository(repository).commits.get(commit)
        if found is None:
            raise NotFound(f"commit {commit} is not in {repository}")
        return found

    def _history(self, repository: str, commit: str) -> Iterator[_Kept]:
        found = self._repository(repository).commits.get(commit)
        while found is not None:
            yield found
            found = self._repository(repository).commits.get(found.parent) if found.parent else None

    def _touches(self, repository: str, kept: _Kept, paths: Sequence[str]) -> bool:
        changed = self._changed(repository, kept.parent, kept.commit.id)
        return not paths or any(is_below(path, one) for path in changed for one in paths)


def _above(path: str) -> Iterator[str]:
    """Folders that a path lies in, the root too."""
    while path:
        path = path.rpartition("/")[0]
        yield path
