"""A source of commits in memory: what git would say, without git."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from shared.domain.values.person import Person
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


class _Tree(dict[str, bytes]):
    """The files of a commit; one that changes none has its parent's."""

    @cached_property
    def links(self) -> Mapping[str, str]:
        """Where each link leads. A link is a file whose content begins with `-> `."""
        return {path: to.removeprefix(_LINK).decode() for path, to in self.items() if to.startswith(_LINK)}

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder, the root aside."""
        return frozenset(folder for path in self for folder in _above(path) if folder)


@dataclass(frozen=True)
class _Kept:
    commit: Commit
    parent: str | None
    tree: _Tree
    changed: Sequence[str]


@dataclass
class _Repository:
    commits: dict[str, _Kept] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)


class MemorySource:
    """Repositories whose commits have one parent. A ref is moved by `commit`, or by hand in `refs`.

    `made_up` wrote every commit that is only named: it has main's files and contains every other, and what a repository
    began with changes nothing. Without them such a commit is not there.
    """

    def __init__(self, troubles: Troubles, *, made_up: Person | None = None) -> None:
        self._troubles, self._made_up = troubles, made_up
        self._repositories: dict[str, _Repository] = {}
        self.unknown = ""
        self.reconcile_every = timedelta(minutes=1)
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
        before = kept.commits[parent].tree if parent else _Tree()
        after = {path: content for path, content in {**before, **files}.items() if content is not None}
        second = committer or by
        told = repr((parent, sorted(after.items()), by.id, second.id, message)).encode()
        name = hashlib.sha1(told).hexdigest()
        kept.commits[name] = _Kept(_commit(name, by, second, message), parent, _Tree(after), _differing(before, after))
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
        return self._made_up is not None or any(
            kept.commit.id == ancestor for kept in self._history(repository, commit)
        )

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """See Source."""
        self._troubles.hit("source.changed_paths")
        if self._made_up is not None and base is None:
            return ()
        return _differing(self._kept(repository, base).tree if base else {}, self._kept(repository, commit).tree)

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
        """See Source. A link leads from the root to a file or folder."""
        tree, used, pending = self._kept(repository, commit).tree, set[str](), list(paths)
        while pending:
            path = pending.pop()
            used.add(path)
            for link, leads in tree.links.items():
                if is_below(link, path) or is_below(path, link):
                    pending += {link, leads + path[len(link) :]} - used
        attributes = {f"{around}/.gitattributes".lstrip("/") for path in used for around in _above(path)}
        every = used | attributes
        outermost = {one for one in every if not any(is_below(one, other) for other in every - {one})}
        return UsedPaths(
            paths=tuple(sorted(outermost)), folders=tuple(sorted(used & tree.folders)), outside=self.outside
        )

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """See Source."""
        self._troubles.hit(f"source.file {path}")
        tree = self._kept(repository, commit).tree
        return self.file(repository, commit, tree.links[path]) if path in tree.links else tree.get(path)

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
        found = self._found(repository, commit)
        if found is None:
            raise NotFound(f"commit {commit} is not in {repository}")
        return found

    def _found(self, repository: str, commit: str) -> _Kept | None:
        kept = self._repository(repository)
        found = kept.commits.get(commit)
        if found is None and self._made_up is not None:
            made_up = _commit(commit, self._made_up, self._made_up, "Change")
            return _Kept(made_up, None, kept.commits[kept.refs[MAIN]].tree, ())
        return found

    def _history(self, repository: str, commit: str) -> Iterator[_Kept]:
        found = self._found(repository, commit)
        while found is not None:
            yield found
            found = self._found(repository, found.parent) if found.parent else None

    def _touches(self, repository: str, kept: _Kept, paths: Sequence[str]) -> bool:
        known = kept.commit.id in self._repository(repository).commits
        return not paths or not known or any(is_below(path, one) for path in kept.changed for one in paths)


def _commit(name: str, author: Person, committer: Person, message: str) -> Commit:
    return Commit(
        id=name,
        author_name=author.name,
        author_mail=author.mails[0] if author.mails else author.id,
        committer_name=committer.name,
        committer_mail=committer.mails[0] if committer.mails else committer.id,
        message=message,
    )


def _differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Sequence[str]:
    if before is after:
        return []
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _above(path: str) -> Iterator[str]:
    """Folders that a path lies in, the root too."""
    while path:
        path = path.rpartition("/")[0]
        yield path
