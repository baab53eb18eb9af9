"""Deploys by committing manifests, and reads from the same repository what became of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from shared.adapters.git_disk.writing import Identity, NewCommit
from shared.adapters.gitops import folder as files
from shared.adapters.gitops.branch import RemoteBranch
from shared.adapters.gitops.credentials import Credentials
from shared.adapters.gitops.folder import MANIFESTS, PROMOTION, STATUS, Promoted
from shared.adapters.gitops.refusals import PushedFirst
from shared.adapters.gitops.rollout import read_rollout
from shared.domain.person import SLIPWAY, Person
from shared.domain.policy import DeployTarget, GitOpsTarget
from shared.ports.deployer import DeployOrder, DeployReport, Fenced, Rollout, RolloutState, Running
from shared.ports.errors import Permanent, Transient

# Looked through only where a folder's own record is missing or does not name the commit.
_RECENT_COMMITS = 1000


class GitOpsDeployer:
    """Commits an order's manifests to its target's repository, once, and never over a later promotion.

    `resolve` gives the address of a repository that a policy names; `parse` reads manifests as they were judged; `work`
    holds copies that may be lost at any time; `mail` is the committer's; `tries` bounds how often somebody else may push
    first; `credentials` and `environment` are for repositories elsewhere.
    """

    def __init__(
        self,
        resolve: Callable[[str], str | Path],
        work: Path,
        *,
        now: Callable[[], datetime],
        parse: files.Parse,
        mail: str = "slipway@localhost",
        tries: int = 20,
        pause: Callable[[float], None] = time.sleep,
        timeout: float = 60,
        credentials: Credentials = Credentials(),  # noqa: B008 (it is never changed)
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._resolve, self._work, self._now, self._parse = resolve, work, now, parse
        self._credentials, self._environment = credentials, environment
        self._committer = Identity(SLIPWAY.name, mail)
        self._tries, self._pause, self._timeout = tries, pause, timeout

    def deploy(self, order: DeployOrder) -> DeployReport:
        """Commit and push the manifests. Raise Fenced, Permanent(ours), Transient."""
        return self._apply(order, order.manifests)

    def remove(self, order: DeployOrder) -> DeployReport:
        """Delete the manifests in a commit; the record of promotions stays, and with it the fence."""
        return self._apply(order, None)

    def observe(self, target: DeployTarget, revision: str) -> Rollout:
        """Read the operator's answer to a revision. Raise Transient."""
        branch, folder = self._place(target)
        with branch.locked():
            tip = branch.fetch()
            if tip is None:
                return Rollout(state=RolloutState.REPLACED, reason=f"{branch.name} does not exist any more")
            newest = branch.newest(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}")
            (status,) = branch.read(tip, f"{folder}/{STATUS}")
        return read_rollout(revision, newest, status)

    def running(self, target: DeployTarget) -> Running | None:
        """Read the manifests that are committed now; foreign where they are not the ones that Slipway wrote last."""
        branch, folder = self._place(target)
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
            images=files.images_of(manifests, self._parse),
        )

    def _apply(self, order: DeployOrder, manifests: bytes | None) -> DeployReport:
        branch, folder = self._place(order.target)
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
            f"{order.service} {order.version} could not be committed for {order.environment}: others pushed first {self._tries} times ({refusal})"
        )

    def _commit(self, order: DeployOrder, folder: str, before: Promoted | None, manifests: bytes | None) -> NewCommit:
        about = {
            "service": f"{order.repository}/{order.service}",
            "version": order.version,
            "image": " ".join(order.images),
        }
        first = Promoted(turn=order.turn, effect=order.id, manifests=files.hash_of(manifests))
        record = before.followed_by(order.turn, order.id, manifests) if before else first
        verb = f"{order.service} {order.version} to {order.environment}"
        subject = verb if manifests is not None else f"{order.service} {order.version} out of {order.environment}"
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

    def _place(self, target: DeployTarget) -> tuple[RemoteBranch, str]:
        if not isinstance(target, GitOpsTarget):
            raise Permanent(
                f"{target} is not a GitOps repository; this deployer commits manifests and nothing else",
                ours=True,
            )
        url = self._resolve(target.repository)
        branch = RemoteBranch(
            url,
            target.branch,
            self._work,
            credentials=self._credentials,
            environment=self._environment,
            timeout=self._timeout,
        )
        return branch, files.checked_folder(target.path)


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
            f"a later deployment ({before.effect}) has written {folder} already; promotion {order.promotion} of {order.service}"
            f" {order.version} may not change {order.environment} any more"
        )
    return None


def _identity(person: Person) -> Identity:
    return Identity(person.name, person.mails[0] if person.mails else person.id)
