"""What happens on the stage by anybody's hand, as one step; and what people do, as rules."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from shared.domain.gating.gates import OVERRIDABLE, Gate
from shared.domain.messages import events as ev
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from tests.support.outside import ADA, RITA, SAM
from tests.workshop.soak.configurations import NED, OLGA, PEOPLE
from tests.workshop.soak.stage import SERVICES, Stage

VERSION = st.sampled_from(["1.0.0", "1.0.1", "1.1.0", "1.2.0", "2.0.0-rc.1"])
SERVICE = st.sampled_from(SERVICES)
ENVIRONMENT = st.sampled_from(["qa", "production", "production", "staging"])
APPROVER = st.sampled_from([RITA, SAM, RITA, SAM, NED, OLGA, ADA])
# Who answers for somebody who is not known, and whom they name; nobody is none of the approvers.
ANSWERING = st.sampled_from([OLGA, OLGA, OLGA, SAM, ADA])
NAMED = st.sampled_from([(), (), (), (ADA.mails[0],), (RITA.mails[0],), (SAM.mails[0], OLGA.mails[0])])
SCOPE = st.sampled_from(["everything", "environment:production", "environment:qa", "service:shipping/delivery"])
MOSTLY = st.sampled_from([True, True, True, True, False])


class Acting(RuleBasedStateMachine):
    """People at the API and in front of questions."""

    store: ClassVar[str] = "memory"
    tally: ClassVar[Counter[str]] = Counter()

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        # Faults of the outside are meant; what they lead to is judged.
        logging.getLogger("slipway").setLevel(logging.CRITICAL)

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        """Start with a post whose order and carelessness follow from the seed."""
        self.stage = Stage(self.store, Path(self.folder.name), seed=seed, tally=self.tally)

    def step(self) -> None:
        """Count a step and have the judge look."""
        self.tally["steps"] += 1
        self.stage.look()

    def ask(self, make: Callable[..., ev.ServiceEvent], service: ServiceKey, **fields: Any) -> None:
        """An operator asks for something; it may be refused."""
        self.stage.ask(make(id=self.stage.harness.app.new_id(), service=service, person=OLGA, **fields))

    @precondition(lambda self: self.stage.outside.people.open)
    @rule(number=st.integers(0, 3), person=APPROVER, approve=MOSTLY, comment=st.booleans())
    def answer(self, number: int, person: Person, approve: bool, comment: bool) -> None:
        """Somebody answers a question that is open; the author and strangers may try."""
        self._answer(self.stage.outside.people.open, number, person, approve, comment)

    @precondition(lambda self: self.stage.outside.people.asked)
    @rule(number=st.integers(0, 9), person=APPROVER, approve=MOSTLY)
    def answer_old(self, number: int, person: Person, approve: bool) -> None:
        """Somebody answers a question that may be closed long since."""
        self._answer(self.stage.outside.people.asked, number, person, approve, True)

    def _answer(self, asked: Sequence[Any], number: int, person: Person, approve: bool, comment: bool) -> None:
        question = asked[-1 - number % len(asked)]
        key = f"{question.request}:{person.id}:{approve}:{comment}"
        self.stage.answer(question, person, approve=approve, comment="seen" if comment else "", key=key)
        self.step()

    @rule(scope=SCOPE, person=st.sampled_from(PEOPLE), minutes=st.sampled_from([None, None, 5, 120]))
    def hold(self, scope: str, person: Person, minutes: int | None) -> None:
        """Somebody stops the line, an environment or a service."""
        if len(self.stage.judge.holds) < 2:
            self.stage.hold(scope, person, minutes)
        self.step()

    @precondition(lambda self: self.stage.judge.holds)
    @rule(number=st.integers(0, 3))
    def lift(self, number: int) -> None:
        """Somebody lifts a hold."""
        names = sorted(self.stage.judge.holds)
        self.stage.lift(names[number % len(names)])
        self.step()

    @rule(service=SERVICE)
    def lift_artifact_holds(self, service: ServiceKey) -> None:
        """The artifacts that were rolled back may go on."""
        for one in self.stage.harness.state(service).holds:
            self.ask(ev.ArtifactHoldLifted, service, hold=one.id, reason="it was the cluster")
        self.step()

    @rule(
        service=SERVICE,
        version=VERSION,
        environment=ENVIRONMENT,
        gate=st.sampled_from(sorted(OVERRIDABLE - {Gate.AUTHORS})),
    )
    def override(self, service: ServiceKey, version: str, environment: str, gate: str) -> None:
        """Somebody lets a version past a gate."""
        self.ask(ev.OverrideGranted, service, version=version, environment=environment, gate=str(gate), reason="now")
        self.step()

    @rule(service=SERVICE, version=VERSION, environment=ENVIRONMENT, by=ANSWERING, names=NAMED)
    def answer_for_the_unknown(
        self, service: ServiceKey, version: str, environment: str, by: Person, names: tuple[str, ...]
    ) -> None:
        """Somebody says who an unknown author or pusher is."""
        self.stage.answer_for(service, version, environment, by, names)
        self.step()

    @rule(service=SERVICE, version=VERSION)
    def abort(self, service: ServiceKey, version: str) -> None:
        """Somebody stops a release."""
        self.ask(ev.AbortRequested, service, version=version, reason="stop")
        self.step()

    @rule(service=SERVICE, version=VERSION)
    def retry(self, service: ServiceKey, version: str) -> None:
        """Somebody resumes a release at the step that failed."""
        self.ask(ev.RetryRequested, service, version=version)
        self.step()

    @rule(service=SERVICE, version=VERSION, environment=ENVIRONMENT)
    def promote(self, service: ServiceKey, version: str, environment: str) -> None:
        """Somebody asks for a new attempt."""
        self.ask(ev.PromoteRequested, service, version=version, environment=environment)
        self.step()

    @rule(service=SERVICE, environment=ENVIRONMENT, to=st.sampled_from(["", "", "", "1.0.0", "1.1.0"]))
    def roll_back(self, service: ServiceKey, environment: str, to: str) -> None:
        """Somebody goes back."""
        self.ask(ev.RollbackRequested, service, environment=environment, reason="it is slow", to=to)
        self.step()

    @rule(service=SERVICE, environment=st.sampled_from(["qa", "production"]))
    def roll_back_while_the_line_is_stopped(self, service: ServiceKey, environment: str) -> None:
        """Nothing holds a rollback."""
        if not self.stage.judge.holds:
            self.stage.hold("everything", RITA, None)
        self.ask(ev.RollbackRequested, service, environment=environment, reason="it burns", to="")
        self.step()

    @rule(service=SERVICE, environment=ENVIRONMENT, version=st.sampled_from(["", "", "1.0.0"]), restart=st.booleans())
    def redeploy(self, service: ServiceKey, environment: str, version: str, *, restart: bool) -> None:
        """Somebody deploys what is live once more, or has its pods started anew."""
        self.ask(ev.RedeployRequested, service, environment=environment, version=version, restart=restart)
        self.step()

    @rule(
        service=SERVICE,
        environment=ENVIRONMENT,
        version=st.sampled_from(["", "1.0.0", "1.0.1", "1.1.0"]),
        dry_run=st.sampled_from([False, False, True]),
    )
    def adopt(self, service: ServiceKey, environment: str, version: str, dry_run: bool) -> None:
        """Somebody says what runs, or takes it over, or only asks what that would be."""
        said = {"environment": environment, "version": version, "dry_run": dry_run}
        self.ask(ev.LiveAdopted, service, reason="I looked", **said)
        self.step()

    @rule(service=SERVICE, environment=st.sampled_from(["qa", "production"]), number=st.integers(0, 4))
    def deploy_by_hand(self, service: ServiceKey, environment: str, number: int) -> None:
        """Somebody deploys a version that was packaged with their own Helm, where Slipway has nothing live."""
        bundles = list(self.stage.judge.service(service.service).bundles.items())
        if bundles and self.stage.judge.service(service.service).slots[environment].live is None:
            self.stage.deploy_by_hand(service, environment, *bundles[-1 - number % len(bundles)])
        self.step()

    def teardown(self) -> None:
        """Everything comes to rest when nothing happens any more."""
        try:
            if hasattr(self, "stage") and not self.stage.judge.broken:
                self.stage.rest()
                self.stage.reread()
        finally:
            logging.getLogger("slipway").setLevel(logging.NOTSET)
            if hasattr(self, "stage"):
                self.stage.harness.database.close()
            self.folder.cleanup()
