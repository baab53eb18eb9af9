"""A mended commit that arrives at a boundary: the release branch is pushed again while something else is under way."""

from __future__ import annotations

from pathlib import Path

from tests.support.app_parts import Harness, branch, make_app
from tests.support.crashes import Fuse, MortalSlipway, Step, with_fuse
from tests.support.outside import ADA

VERSION, REF = "1.0.0", branch("1.0.0")
PUSHED = ("events", "inspect-push")


class Meanwhile(Fuse):
    """Crosses boundaries, and lets something happen at one of them, before whoever is there goes on; with `dies` they don't."""

    def __init__(self, at: int, *, dies: bool = False) -> None:
        super().__init__(*((at,) if dies else ()))
        self._when, self._happening = at, False
        self.happens: object = None

    def cross(self, where: str) -> None:
        """Pass a boundary; what happens there crosses none."""
        if self._happening:
            return
        if self.count + 1 == self._when and callable(self.happens):
            self.where.append(where)
            self._happening = True
            try:
                self.happens()
            finally:
                self._happening = False
        super().cross(where)


class MendedSlipway(MortalSlipway):
    """Releases a version, to which a mended commit is pushed at the n-th boundary; with `dies` the process is killed there too.

    `recorded` says whether digests were recorded by then, `begins` how many boundaries lie before the version's first push.
    """

    def __init__(self, folder: Path, at: int, *, dies: bool = False) -> None:
        super().__init__("memory", folder)
        self.commits: list[str] = []
        self.recorded, self.begins = False, 0
        self.fuse = meanwhile = Meanwhile(at, dies=dies)
        meanwhile.happens = self._mend
        self.harness = with_fuse(make_app("memory", folder, self.outside), self.fuse)

    def release(self) -> Harness:
        """Push the version and go on until nothing is left to do."""
        return self.live([Step(happens=lambda _: self._begin(), told=lambda harness: harness.tell_push(REF, ADA))])

    def _begin(self) -> None:
        self.begins = self.fuse.count
        self._commit(b"first")

    def _commit(self, content: bytes) -> None:
        self.commits.append(self.outside.commit(REF, {"src/shipping/delivery/version": content}))

    def _mend(self) -> None:
        release = self.harness.state().releases
        self.recorded = any(one.artifact is not None for one in release.values())
        self._commit(b"mended")
        self.harness.tell_push(REF, ADA)
        self.harness.pump(*PUSHED)
