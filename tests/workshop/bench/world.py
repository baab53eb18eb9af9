"""An outside that does nothing but report, so that what is measured is Slipway with its real policies and gates."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shared.domain.names import Digest, Person, ServiceKey
from shared.domain.policy import DeployTarget, GitOpsTarget, Severity
from shared.ports.builder import BuildOrder, BuildOutcome, BuildResult, ScanResult, TestCounts
from shared.ports.chart import LintFinding, Rendering
from shared.ports.deployer import DeployOrder, DeployReport, Rollout, RolloutState, Running
from shared.ports.people import Question
from shared.ports.registry import CopyReport, ImageDescription
from shared.ports.statuses import CommitStatus

MANAGER = Person(id="rita", name="Rita Manager", mails=("release-manager@example.com",))


def digest_of(text: str) -> Digest:
    """A digest that is told apart by its text."""
    return Digest("sha256:" + hashlib.sha256(text.encode()).hexdigest())


class QuietRegistry:
    """Holds whatever is asked for; only tags of what was built are known."""

    def __init__(self) -> None:
        self.tagged: dict[tuple[str, str], Digest] = {}

    def digest_of(self, registry: str, repository: str, tag: str) -> Digest | None:
        """See Registry."""
        return self.tagged.get((repository, tag))

    def has(self, registry: str, repository: str, digest: Digest) -> bool:
        """See Registry."""
        return True

    def tags(self, registry: str, repository: str) -> Sequence[str]:
        """See Registry."""
        return [tag for place, tag in self.tagged if place == repository]

    def describe(self, registry: str, repository: str, digest: Digest) -> ImageDescription:
        """See Registry."""
        return ImageDescription(digest=digest, media_type="", config_media_type="", size=0, users=(("", "10001"),))

    def copy(
        self, registry: str, source_repository: str, target_repository: str, digest: Digest, tag: str
    ) -> CopyReport:
        """See Registry."""
        return CopyReport(digest=digest, copied=True, manifests=1, blobs_mounted=2)

    def push_image(self, registry: str, repository: str, layer_tar_gz: Path, config: Mapping[str, object]) -> Digest:
        """See Registry."""
        raise NotImplementedError

    def push_chart(self, registry: str, repository: str, package: Path) -> Digest:
        """See Registry."""
        raise NotImplementedError

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """See Registry."""
        self.tagged[repository, tag] = digest


class QuietCharts:
    """Every chart renders to one workload that runs the image it is given; the bytes are the same for all."""

    def __init__(self) -> None:
        self._rendered = threading.local()

    def lint(
        self, chart: Path, renderings: Sequence[Rendering] = (), *, root: Path | None = None
    ) -> Sequence[LintFinding]:
        """See Charts."""
        return ()

    def package(self, chart: Path, *, version: str, app_version: str, into: Path, root: Path | None = None) -> Path:
        """See Charts."""
        raise NotImplementedError

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """See Charts."""
        return into

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """See Charts."""
        values = rendering.settings
        self._rendered.image = f"{values['image.repository'].text}:{values['image.tag'].text}"
        return b"kind: Deployment\n"

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """See Charts. Of what this thread rendered last."""
        container = {"name": "app", "image": self._rendered.image, "securityContext": {"runAsNonRoot": True}}
        spec = {"template": {"spec": {"containers": [container]}}}
        annotations = {"kubernetes.io/change-cause": "bench"}
        return [{"kind": "Deployment", "metadata": {"name": "app", "annotations": annotations}, "spec": spec}]


class QuietBuilder:
    """Builds nothing and says that all went well."""

    def build(self, order: BuildOrder) -> BuildResult:
        """See Builder."""
        return good_build(order)

    def cancel(self, order_id: str) -> None:
        """See Builder."""


def good_build(order: BuildOrder) -> BuildResult:
    """Report what would have been built."""
    result = BuildResult(
        outcome=BuildOutcome.SUCCEEDED,
        reason="",
        tests=TestCounts(passed=3, failed=0, skipped=0),
        scan=ScanResult(worst=Severity.LOW),
    )
    if order.version is None:
        return result
    image, chart = (
        digest_of(f"image {order.service} {order.version}"),
        digest_of(f"chart {order.service} {order.version}"),
    )
    return replace(result, image_digest=image, chart_digest=chart)


class QuietDeployer:
    """Says that all is applied and healthy."""

    def __init__(self) -> None:
        self._images: dict[str, str] = {}

    def deploy(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        self._images[_place(order.target)] = order.image
        return DeployReport(revision=order.version)

    def observe(self, target: DeployTarget, revision: str) -> Rollout:
        """See Deployer."""
        return Rollout(state=RolloutState.HEALTHY, reason="")

    def running(self, target: DeployTarget) -> Running | None:
        """See Deployer."""
        image = self._images.get(_place(target))
        return Running(revision="", turn=None, foreign=False, images=(image,)) if image else None

    def remove(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        return DeployReport(revision="")


def _place(target: DeployTarget) -> str:
    return target.path if isinstance(target, GitOpsTarget) else target.context


class QuietPeople:
    """Hands questions on to whoever answers them."""

    def __init__(self) -> None:
        self.asked: Callable[[Question], None] = lambda question: None

    def ask(self, question: Question) -> None:
        """See People."""
        self.asked(question)

    def close(self, service: ServiceKey, request: str, reason: str) -> None:
        """See People."""


class QuietStatuses:
    """Hands statuses on to whoever waits for one."""

    def __init__(self) -> None:
        self.said: Callable[[str, CommitStatus], None] = lambda commit, status: None

    def set_status(self, repository: str, commit: str, status: CommitStatus) -> None:
        """See Statuses."""
        self.said(commit, status)

    def statuses(self, repository: str, commit: str) -> Sequence[CommitStatus]:
        """See Statuses."""
        return ()
