"""The people's part of the stage: who writes and pushes what, what doors hear of it, and who answers for whom."""

from __future__ import annotations

from collections.abc import Iterable

from shared.app.handling.loaded_service import read_service
from shared.domain.messages import events as ev
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.ports.people import Question
from tests.support.app_parts import DELIVERY, PACKAGE, branch
from tests.support.outside import MAIN, SHIPPING, Outside
from tests.workshop.soak.configurations import PEOPLE, WEAK
from tests.workshop.soak.judge import Judge
from tests.workshop.soak.watched import WatchedHarness

_BY_MAIL = {mail: one.id for one in PEOPLE for mail in one.mails}


class PeopleOfStage:
    """What people do in the repository."""

    harness: WatchedHarness
    outside: Outside
    judge: Judge
    _commits: int
    _told: dict[str, tuple[str, str, str]]

    @property
    def refs(self) -> dict[str, str]:
        """Where the branches are."""
        return self.outside.source.refs(SHIPPING)

    def commit(
        self,
        ref: str,
        files: dict[str, bytes],
        by: Person,
        *,
        co: Person | None = None,
        committer: Person | None = None,
    ) -> str:
        """Make a commit on a branch, perhaps with somebody else, or committed by somebody else; nobody is told."""
        parent = self.refs.get(ref) or self.refs[MAIN]
        message = f"Change\n\nco-authored-BY: {co.name} <{co.mails[0]}>\n" if co and co.mails else "Change"
        name = self.outside.commit(ref, files, by=by, message=message, committer=committer)
        touches = frozenset(
            one.service for one in (DELIVERY, PACKAGE) if any(_is_of(path, one.service) for path in files)
        )
        others = [one.id for one in (co, committer) if one is not None and (one.mails or one is committer)]
        self.judge.repository.commit(name, parent, by.id, touches, *others)
        if ref == MAIN:
            self.judge.repository.said.setdefault(name, self.judge.repository.said[parent])
        return name

    def push(
        self,
        service: ServiceKey,
        version: str,
        by: Person,
        *,
        weak: bool = False,
        co: Person | None = None,
        committer: Person | None = None,
    ) -> str:
        """Push a commit to a release branch; `weak` brings a configuration that the branch would like to have."""
        self._commits += 1
        files = {f"src/shipping/{service.service}/version": f"{version} {self._commits}".encode()}
        if weak:
            files["slipway.yaml"] = WEAK
        return self.commit(branch(version, service), files, by, co=co, committer=committer)

    def tell(self, ref: str, by: Person | None = None, commit: str = "") -> None:
        """A door hears that a branch was pushed to where it is (or was), perhaps by whom."""
        tip = commit or self.refs.get(ref, "")
        said = ev.PushReceived(id=self.harness.app.new_id(), repository=SHIPPING, ref=ref, commit=tip, pushed_by=by)
        if by is not None and tip:
            self._told[said.id] = (ref, tip, by.id)
        self.harness.send(said)

    def reached(self, push: str) -> None:
        """See Watcher."""
        _, commit, _ = self._told.get(push, ("", "", ""))
        if commit:
            self.judge.repository.name(commit)

    def heard(self, push: str) -> None:
        """See Watcher."""
        ref, commit, person = self._told.get(push, ("", "", ""))
        # Not yet: a push that was refused, as its service was not configured, is not remembered for a later one.
        if commit and self.judge.service(ref.split("/")[3]).rules is not None:
            self.judge.repository.push(commit, person)

    def asked(self, question: Question) -> None:
        """See Watcher."""
        name = question.service.service
        shown = self._manifests(question)
        self.judge.asked(
            name, question.request, question.promotion, question.parts[0].digest.text, repr(question), shown
        )

    def _manifests(self, question: Question) -> str:
        """What would be deployed, as the page shows it beside the question."""
        releases = read_service(self.harness.app, question.service).state.releases.values()
        every = (one for release in releases for one in release.promotions if one.number == question.promotion)
        shown = next((one.rendered for one in every if one.approval and one.approval.id == question.request), None)
        return shown.manifests if shown else ""

    def answered_for(self, event: ev.OverrideGranted) -> None:
        """Slipway took somebody's answer for everybody who is unknown."""
        names: Iterable[str] = (_BY_MAIL[one] for one in event.answer)
        self.judge.answered_for(event.service.service, event.version, event.environment, event.person.id, names)


def _is_of(path: str, service: str) -> bool:
    return path.startswith((f"src/shipping/{service}/", f"charts/{service}/"))
