"""The judge of what people do, of what is written, and of what the ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from tests.support.flow_laws import FORWARD, ROLLBACK
from tests.workshop.soak.configurations import HUMAN, SECRET, Place
from tests.workshop.soak.judge_of_hands import JudgeOfHands, votes
from tests.workshop.soak.laws import GOOD_KEPT, Broken
from tests.workshop.soak.seen import (
    RUNNING,
    UNDER_WAY,
    Answer,
    Bundle,
    Hold,
    Promotion,
    Service,
    Word,
    link,
    moved_to,
    parsed,
    word_of,
)


class JudgeOfActs(JudgeOfHands):
    """Sees what people do, what is written and what the ledger says of it, in order."""

    def __init__(self, packaged: Callable[[str, str], Bundle], tally: Counter[str] | None = None) -> None:
        super().__init__()
        self._packaged = packaged
        self.tally: Counter[str] = Counter() if tally is None else tally
        self.holds: dict[str, Hold] = {}
        self.questions: dict[str, tuple[str, int, str, str]] = {}
        self.lost: set[str] = set()
        self.broken, self._asked_again, self._heard = False, False, 0

    def hold_to(self, law: str, kept: object, why: str) -> None:
        """Count that a law was looked at, and object where it was not kept."""
        self.tally[law] += 1
        if not kept:
            self.broken = True
            raise Broken(law, why)

    # What people do

    def asked(self, service: str, request: str, promotion: int, image: str, whole: str, manifests: str = "") -> None:
        """A question was put to people, about an image as it would be deployed."""
        self.questions[request] = (service, promotion, image, manifests)
        self.hold_to("secret", SECRET not in whole, f"question {request} holds one")

    def answered(self, request: str, person: str, *, approve: bool, comment: str) -> None:
        """Slipway took a person's answer."""
        service, number, image, manifests = self.questions[request]
        answer = Answer(HUMAN.get(person, person), approve, comment, image, manifests)
        self.service(service).promotions[number].answers.append(answer)

    def held(self, name: str, scope: str, until: datetime | None) -> None:
        """A person holds something."""
        self._heard += 1
        self.holds[name] = Hold(scope, self._heard, until)

    def rollback_answered(self, name: str, environment: str, code: str, *, granted: bool) -> None:
        """A person asked to go back to what was good before, and Slipway granted or refused it."""
        slot = self.service(name).slots[environment]
        under_way = code == "rolling-back" and slot.rollbacks
        others = set(slot.good[:GOOD_KEPT]) - {slot.live, slot.image.rpartition("@")[2]}
        why = f"{name} in {environment}: {code}, but {sorted(others)} was good there"
        self.hold_to("rollback", granted or under_way or slot.live is None or not others, why)

    # What is written

    def begins(self, name: str, environment: str, number: int) -> None:
        """A promotion begins to write to an environment."""
        service = self.service(name)
        holder, phase = service.slots[environment].holder, service.promotions[number].word.new
        its_turn = holder == number and phase == "Deploying"
        self.hold_to("one at a time", its_turn, f"#{number} is {phase} and writes to {environment}, held by {holder}")

    def wrote(
        self, name: str, environment: str, number: int, image: str, chart: str, at: datetime, manifests: str = ""
    ) -> None:
        """An artifact was applied to an environment by a promotion; `chart` is the chart's digest that lies there."""
        service = self.service(name)
        slot, promotion = service.slots[environment], service.promotions[number]
        word, digest = promotion.word, image.rpartition("@")[2]
        # It may have been aborted since it began; then nobody has the slot before it can write no more.
        alone = slot.holder in (number, None)
        self.hold_to(
            "one at a time", alone, f"#{number} is {word.new} and writes to {environment}, held by {slot.holder}"
        )
        promotion.writes += 1
        once = promotion.writes <= 1 + promotion.retries
        self.hold_to("used once", once, f"#{number} was written {promotion.writes} times")
        if word.kind != "rollback":
            self._free(service, word, at, None)
        if word.kind == "forward":
            allowed = promotion.allowed is None or (digest, manifests) in promotion.allowed
            self.hold_to(
                "approved", allowed, f"#{number} writes {image} as {manifests}, which is not what was approved"
            )
            self._wrote_forward(service, promotion, image, digest, chart)
        else:
            self.hold_to("same bytes", digest in slot.good, f"{word.kind} #{number} brings {image}, never good there")
        slot.image, slot.writer, slot.healthy = image, number, False

    def _wrote_forward(self, service: Service, promotion: Promotion, image: str, digest: str, chart: str) -> None:
        word, plan = promotion.word, promotion.plan
        bundle = service.bundles[word.version]
        as_packaged = (digest, chart) == (bundle.image, bundle.chart)
        self.hold_to(
            "same bytes", as_packaged, f"#{word.number} writes {image} with chart {chart}, packaged was {bundle}"
        )
        for name in promotion.after:
            ran = digest in service.slots[name].ran_well
            self.hold_to("same bytes", ran, f"{image} is written to {word.environment} and never ran well in {name}")
        inside = f"/{plan.prefix}/" if plan and plan.prefix else "/"
        self.hold_to("same bytes", inside in image, f"{image} does not lie under {inside}")

    def stands(self, name: str, environment: str, number: int, image: str) -> None:
        """A promotion found there what it was to bring, and wrote nothing."""
        slot = self.service(name).slots[environment]
        same = slot.image == image and slot.holder in (number, None)
        self.hold_to(
            "same bytes", same, f"#{number} found {image} in {environment}, where {slot.image} was last written"
        )
        slot.writer, slot.healthy = number, False

    def by_hand(self, name: str, environment: str, image: str) -> None:
        """Somebody else deployed there."""
        slot = self.service(name).slots[environment]
        slot.image, slot.writer, slot.healthy = image, None, False

    def removed(self, name: str, environment: str) -> None:
        """A service was taken out of an environment."""
        slot = self.service(name).slots[environment]
        free = slot.holder is None and slot.live is None
        self.hold_to("one at a time", free, f"{name} is taken out of {environment}, held by {slot.holder}")
        slot.image, slot.writer, slot.healthy = "", None, False

    def looked(self, name: str, environment: str, *, healthy: bool) -> None:
        """An environment said how what was written last is doing."""
        slot = self.service(name).slots[environment]
        slot.healthy = healthy
        if healthy:
            slot.ran_well.add(slot.image.rpartition("@")[2])

    # What the ledger says

    def entry(self, name: str, sequence: int, previous: str, digest: str, body: bytes) -> None:
        """The next entry of a service's ledger."""
        service = self.service(name)
        head = link(service.head, body)
        fits = (sequence, previous, digest) == (len(service.bodies) + 1, service.head, head)
        self.hold_to("chain", fits, f"entry {sequence} of {name} does not follow entry {len(service.bodies)}")
        self.hold_to("secret", SECRET.encode() not in body, f"entry {sequence} of {name} holds one")
        service.bodies.append(body)
        service.head = head
        event, at, notes = parsed(body)
        self._heard += 1
        self._asked_again = event == "retry-requested"
        if (moved := moved_to(body)) and moved[0] not in service.bundles:
            service.moves[moved[0]].append(moved[1])
        words = [word for note in notes if (word := word_of(note))]
        for note in notes:
            self._noted(service, note, at)
        for word in words:
            self._comes_back(service, word, words)

    def _noted(self, service: Service, note: str, at: datetime) -> None:
        if word := word_of(note):
            self._moved(service, word, at)
        elif note.startswith("policy "):
            self._rules(service, note.split()[3])
        elif note.endswith("left the configuration") and "#" not in note:
            service.rules = None
        elif ": Packaging → Packaged" in note:
            version = note.split(":", maxsplit=1)[0][1:]
            service.bundles[version] = self._packaged(service.name, version)
        elif " is quarantined: " in note:
            service.quarantined.add(note.split(maxsplit=1)[0][1:])
        elif ": gate " in note and " overridden by " in note:
            tag, environment, _, gate = note.replace(":", "").split()[:4]
            service.overrides.append((tag[1:], environment, gate, self._heard))
        elif " adopted as live by " in note:
            environment, _, what = note.partition(" adopted ")[0].partition(": ")
            slot = service.slots[environment]
            # Neither nothing nor a revision that is no known version counts as live.
            slot.live = service.bundles[what[1:]].image if what.startswith("v") else None
            # What is taken over as it runs is good there from then on.
            if slot.live is not None and slot.live not in slot.good:
                slot.good = [slot.live, *slot.good][:GOOD_KEPT]

    def _rules(self, service: Service, commit: str) -> None:
        said = next((one for name, one in self.repository.said.items() if name.startswith(commit)), None)
        known = said is not None and service.name in said.services
        self.hold_to("default branch", known, f"{service.name} follows {commit}, which no default branch said")
        service.rules = said

    def _moved(self, service: Service, word: Word, at: datetime) -> None:
        slot = service.slots[word.environment]
        promotion = service.promotions.setdefault(word.number, Promotion(word))
        if word.old:
            table = ROLLBACK if word.kind == "rollback" else FORWARD
            before = promotion.word.new if promotion.word is not word else word.old
            legal = before == word.old and word.new in table[word.old]
            self.hold_to("moves", legal, f"#{word.number} was {before} and goes from {word.old} to {word.new}")
        promotion.word = word
        promotion.retries += word.old == "Errored" and self._asked_again
        if word.kind == "rollback":
            (slot.rollbacks.add if word.new in UNDER_WAY else slot.rollbacks.discard)(word.number)
        if word.old not in RUNNING and word.new in RUNNING:
            self._started(service, promotion, at)
        elif word.new in RUNNING:
            self.hold_to(
                "one at a time", slot.holder == word.number, f"#{word.number} goes on, but {slot.holder} has it"
            )
        elif word.old in RUNNING and slot.holder == word.number:
            slot.holder = None
        if word.new in ("Succeeded", "RolledBack"):
            self._succeeded(service, word)

    def _started(self, service: Service, promotion: Promotion, at: datetime) -> None:
        word = promotion.word
        slot = service.slots[word.environment]
        self.hold_to("one at a time", slot.holder is None, f"#{word.number} starts while #{slot.holder} has the slot")
        slot.holder = word.number
        promotion.starts += 1
        plan = promotion.plan = service.rules.place(word.environment) if service.rules else None
        promotion.after = plan.after if plan and promotion.starts == 1 else promotion.after
        if word.kind == "rollback":
            return
        self.uses_answers(service, word)
        self._free(service, word, at, plan)
        if word.kind == "redeploy":
            return
        self.hold_to(
            "used once",
            promotion.starts <= 1 + promotion.retries,
            f"#{word.number} starts for the {promotion.starts}th time",
        )
        self.hold_to(
            "quarantine", word.version not in service.quarantined, f"#{word.number} starts with {word.version}"
        )
        there = slot.live is None or slot.live not in self.lost or service.waived(word, "rollback-target")
        self.hold_to("way back", there, f"#{word.number} starts over {slot.live}, which is gone")
        if plan and plan.approval:
            self._approved(service, promotion, plan)

    def _approved(self, service: Service, promotion: Promotion, plan: Place) -> None:
        word, rule = promotion.word, plan.approval
        assert rule is not None
        image = service.bundles[word.version].image
        hands = frozenset[str]() if rule.authors_may else self.hands(service, word)
        yes = votes(promotion.answers, lambda one: rule.counts(one.person, one.comment, frozenset()))
        free = votes(promotion.answers, lambda one: rule.counts(one.person, one.comment, hands))
        promotion.allowed = frozenset(what for what, people in free.items() if len(people) >= rule.minimum)
        no = [one.person for one in promotion.answers if not one.approve]
        why = f"#{word.number} of {word.version} starts in {plan.name} with yes {yes}, no {no}; {rule}; hands {hands}"
        enough = {what for what, people in yes.items() if len(people) >= rule.minimum}
        self.hold_to("approved", {one for one, _ in enough} == {image} and not no, why)
        unknown = frozenset[str]() if rule.authors_may else self.unknown(service, word)
        eyes = {one for one, _ in promotion.allowed} == {image} and not unknown
        self.hold_to("four eyes", eyes, f"{why}; unknown {unknown}")

    def _free(self, service: Service, word: Word, at: datetime, plan: Place | None) -> None:
        for hold in self.holds.values():
            free = not hold.covers(service.name, word.environment, at) or service.waived(word, "hold", hold.order)
            self.hold_to("held", free, f"{word.kind} #{word.number} goes on in {word.environment} under {hold}")
        frozen = plan is not None and plan.is_frozen(at) and not service.waived(word, "freeze")
        self.hold_to("held", not frozen, f"{word.kind} #{word.number} starts in {word.environment} in a freeze")

    def _succeeded(self, service: Service, word: Word) -> None:
        slot = service.slots[word.environment]
        settled = slot.writer == word.number and slot.healthy
        self.hold_to(
            "settled", settled, f"#{word.number} is {word.new}; {slot.image} by #{slot.writer} was last written"
        )
        digest = slot.image.rpartition("@")[2]
        # A rollback bears the name of the version that it undoes.
        bad = {service.bundles[word.version].image} if word.kind == "rollback" else set()
        slot.good = [digest, *(one for one in slot.good if one not in bad | {digest})][:GOOD_KEPT]
        slot.live = digest

    def _comes_back(self, service: Service, word: Word, words: Sequence[Word]) -> None:
        fell = word.kind == "forward" and word.old == "Verifying" and word.new in ("Failed", "Aborted")
        if fell and service.slots[word.environment].live is not None:
            answered = any(
                one.kind == "rollback" and one.environment == word.environment and not one.old for one in words
            )
            self.hold_to("comes back", answered, f"#{word.number} is {word.new}, and nothing goes back")

    def again(self, name: str, sequence: int, body: bytes) -> None:
        """An entry that was read before is read again."""
        same = self.service(name).bodies[sequence - 1] == body
        self.hold_to("chain", same, f"entry {sequence} of {name} is not what it was")
