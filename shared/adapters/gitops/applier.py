"""Deploys by committing manifests, and reads what is committed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime

from shared.adapters.git_disk.writing import Identity, NewCommit
from shared.adapters.gitops import folder as files
from shared.adapters.gitops.branch import RemoteBranch
from shared.adapters.gitops.folder import MANIFESTS, PROMOTION, Promoted
from shared.adapters.gitops.folders import Folders
from shared.adapters.gitops.refusals import PushedFirst
from shared.adapters.manifest_images import Parse, images_of
from shared.domain.policies.place import Place
from shared.domain.values.person import SLIPWAY, Person
from shared.ports.applier import ClusterObjection, DeployOrder, DeployReport, Fenced, Found, Running
from shared.ports.errors import Permanent, Transient

# Looked through only where a folder's own record is missing or does not name the commit.
_RECENT_COMMITS = 1000


class GitOpsApplier:
    """Commits an order's manifests to its place's repository, once, and never over a later promotion.

    `parse` reads manifests as they were judged; `mail` is the committer's; `tries` bounds how often somebody else may push first.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        now: Callable[[], datetime],
        parse: Parse,
        mail: str = "slipway@localhost",
        tries: int = 20,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folders, self._now, self._parse = folders, now, parse
        self._committer = Identity(SLIPWAY.name, mail)
        self._tries, self._pause = tries, pause

    def apply(self, order: DeployOrder) -> DeployReport:
        """Commit and push the manifests. Raise Fenced, Permanent(ours), Transient."""
        return self._apply(order, order.manifests)

    def remove(self, order: DeployOrder) -> DeployReport:
        """Delete the manifests in a commit; the record of promotions stays, and with it the fence."""
        return self._apply(order, None)

    def running(self, place: Place) -> Running | None:
        """Read the manifests that are committed now; foreign where they are not the ones that Slipway wrote last."""
        branch, folder = self._folders.of(place)
        with branch.locked():
            tip = branch.fetch()
            manifests, record = (
                branch.read(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}") if tip else (None, None)
            )
            if tip is None or manifests is None:
                return None
            newest = branch.newest(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}")
        promoted = files.decode(record)
        ours = promoted is not None and promoted.manifests == files.hash_of(manifests)
        return Running(
            revision=newest.id if newest else tip,
            turn=promoted.turn if promoted and ours else None,
            foreign=not ours,
            images=images_of(manifests, self._parse),
        )

    def found(self, place: Place) -> Found | None:
        """Say that nothing is adopted here: what is committed is what the operator applies."""
        raise Permanent(f"{place.environment} is deployed to by git; commit to its folder what shall run there")

    def preflight(self, place: Place, manifests: bytes) -> tuple[ClusterObjection, ...]:  # noqa: ARG002 appliers share a shape
        """Say nothing: an operator applies, and answers afterwards."""
        return ()

    def mend(self, place: Place, revision: str) -> tuple[str, ...]:  # noqa: ARG002
        """Mend nothing: the operator does."""
        return ()

    def note(self, place: Place, revision: str, text: str) -> None:
        """Write nothing: what the operator answered is in the repository."""

    def _apply(self, order: DeployOrder, manifests: bytes | None) -> DeployReport:
        branch, folder = self._folders.of(order.place)
        refusal = ""
        for attempt in range(self._tries):
            with branch.locked():
                tip = branch.fetch()
                before = self._last(branch, tip, folder)
                if tip is not None:
                    branch.need_folder(tip, folder, (MANIFESTS, PROMOTION))
                if tip is not None and before is not None:
                    done = _commit_of(branch, tip, folder, before, order)
                    if done is not None:
                        return DeployReport(revision=done, already=True)
                try:
                    return DeployReport(revision=branch.append(tip, self._commit(order, folder, before, manifests)))
                except PushedFirst as error:
                    refusal = str(error)
            # At random, so that several who push at once do not meet again at once.
            self._pause(random.uniform(0, 0.02 * (attempt + 1)))
        raise Transient(
            f"{_what(order)} could not be committed for {order.place.environment}: others pushed first {self._tries} times ({refusal})"
        )

    def _commit(self, order: DeployOrder, folder: str, before: Promoted | None, manifests: bytes | None) -> NewCommit:
        about = {
            "service": f"{order.place.service.repository}/{order.place.service.service}",
            "version": order.version,
            "image": " ".join(order.images),
        }
        first = Promoted(turn=order.turn, effect=order.id, manifests=files.hash_of(manifests))
        record = before.followed_by(order.turn, order.id, manifests) if before else first
        subject = f"{_what(order)} {'to' if manifests is not None else 'out of'} {order.place.environment}"
        trailers = {
            files.EFFECT: order.id,
            files.TURN: str(order.turn),
            files.PROMOTED: str(order.promotion),
            "Slipway-Service": about["service"],
            "Slipway-Version": order.version,
            "Slipway-Image": about["image"],
            files.PATH: folder,
        }
        if order.ledger_head:
            trailers["Slipway-Ledger"] = order.ledger_head
        return NewCommit(
            files={
                f"{folder}/{MANIFESTS}": manifests,
                f"{folder}/{PROMOTION}": files.encode(record, {**about, "cause": order.cause}),
            },
            author=_identity(order.author),
            committer=self._committer,
            at=self._now(),
            message=files.message(f"{subject}: {order.cause}", trailers),
        )

    def _last(self, branch: RemoteBranch, tip: str | None, folder: str) -> Promoted | None:
        """The promotion that wrote the folder last, from its record, or from history where somebody deleted that."""
        if tip is None:
            return None
        (content,) = branch.read(tip, f"{folder}/{PROMOTION}")
        record = files.decode(content)
        return record or files.from_history(folder, branch.recent(tip, _RECENT_COMMITS))


def _commit_of(branch: RemoteBranch, tip: str, folder: str, before: Promoted, order: DeployOrder) -> str | None:
    """The commit by which the order was applied before; None where it was not. Raise Fenced."""
    if before.knows(order.id):
        for commit in branch.recent(tip, _RECENT_COMMITS):
            trailers = files.trailers_of(commit.message)
            if trailers.get(files.EFFECT) == order.id and trailers.get(files.PATH) == files.one_line(folder):
                return commit.id
    if before.effect == order.id:
        # Its commit lies far back, or history was rewritten; the operator names the newest one too.
        newest = branch.newest(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}")
        return newest.id if newest else tip
    if before.turn > order.turn:
        raise Fenced(
            f"a later deployment ({before.effect}) has written {folder} already; promotion {order.promotion} of {_what(order)}"
            f" may not change {order.place.environment} any more"
        )
    return None


def _what(order: DeployOrder) -> str:
    return f"{order.place.service.service} {order.version}"


def _identity(person: Person) -> Identity:
    return Identity(person.name, person.mails[0] if person.mails else person.id)
