"""What must hold at every moment, read from the store and from the outside, without the rules that it judges."""

from __future__ import annotations

from collections.abc import Sequence

from shared.app.service_view import read_release
from shared.codec.ledger import GENESIS, verify
from shared.domain.blockers import why
from shared.domain.names import ServiceKey
from shared.domain.phases import RUNNING, PromotionKind, ReleasePhase
from shared.domain.promotion import Promotion
from shared.domain.release import Release, ServiceState
from shared.domain.version import Version
from tests.support.app_parts import Harness
from tests.support.outside_deployer import Applied

HOST = "localhost:5000"


class Laws:
    """Watches one service of an application from outside, and the releases of some versions of it."""

    def __init__(self, harness: Harness, service: ServiceKey, versions: Sequence[str]) -> None:
        self.harness, self.service, self.versions = harness, service, versions
        self._hash, self._sequence = GENESIS, 0
        self._written = 0
        self.known: dict[int, tuple[Release, Promotion]] = {}

    def check(self) -> None:
        """Raise AssertionError where a law is broken."""
        state = self.harness.state(self.service)
        self._ledger()
        self._remember()
        self._slots(state)
        self._production()

    def check_at_rest(self) -> None:
        """What is open has a blocker that says who can act; nothing is under way that nobody works on."""
        state = self.harness.state(self.service)
        now = self.harness.app.now()
        for release in state.releases.values():
            assert release.phase is ReleasePhase.PACKAGED, f"{release.version} is {release.phase} and nothing goes on"
            said = why(state, release, estate=self.harness.estate(), now=now)
            assert said, f"{release.version} is open for no reason"
            assert all(one.reason and one.who for one in said)
            for one in release.promotions:
                assert one.phase not in RUNNING, f"#{one.number} is {one.phase} and nothing goes on"

    def _ledger(self) -> None:
        rows = self.harness.app.store.ledger(str(self.service), after=self._sequence, most=10_000)
        name = str(self.service)
        self._hash = verify(rows, previous=self._hash, sequence=self._sequence, service=name)
        self._sequence += len(rows)

    def _remember(self) -> None:
        for version in self.versions:
            release = read_release(self.harness.app, self.service, Version.parse(version))
            for promotion in release.promotions if release else ():
                assert release is not None
                self.known[promotion.number] = (release, promotion)

    def _slots(self, state: ServiceState) -> None:
        running: dict[str, int] = {}
        for release in state.releases.values():
            for one in release.promotions:
                if one.phase in RUNNING:
                    assert one.environment not in running, f"two run in {one.environment} at once"
                    running[one.environment] = one.number
        for name, number in running.items():
            slot = state.environments[name].slot
            assert slot is not None
            assert slot.promotion == number

    def _production(self) -> None:
        written = self.harness.outside.deployer.applied[f"production/{self.service.service}"]
        for one in written[self._written :]:
            self._allowed(one)
        self._written = len(written)

    def _allowed(self, one: Applied) -> None:
        """What is written to production was approved, is what QA ran, and lies under prod/ with that digest."""
        assert one.number is not None
        release, promotion = self.known[one.number]
        found = promotion.target.artifact if promotion.target else release.artifact
        assert found is not None
        image = f"{found.image_repository}:{found.version.tag}@{found.image_digest}"
        assert one.image == f"{HOST}/prod/{image}"
        registry = self.harness.outside.registry
        assert registry.tagged[f"prod/{found.image_repository}", found.version.tag] == found.image_digest
        in_qa = self.harness.outside.deployer.applied[f"qa/{self.service.service}"]
        assert f"{HOST}/{image}" in {before.image for before in in_qa}
        if promotion.kind is PromotionKind.FORWARD:
            assert promotion.approval is not None
            assert promotion.approval.granted is not None
            assert {vote.person.id for vote in promotion.approval.votes} == {"rita"}
