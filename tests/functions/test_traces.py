"""A whole release as OpenTelemetry shows it: by the real SDK, sent over OTLP to a receiver that decodes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from shared import telemetry
from shared.adapters.opentelemetry_export import OpenTelemetryExporter
from shared.domain.drafts.measures import DEPLOYMENTS, FAILURES, LEAD_TIME, RESTORE
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import Harness
from tests.support.doors import HOOK_SECRET, Doors
from tests.support.otlp_receiver import Receiver, otlp_receiver, said
from tests.support.payloads import changed

EFFECTS = ["read-tags", "build", "tag", "gather-facts", "deploy", "observe-rollout", "gather-facts", "ask-approval"]
AFTER_YES = ["gather-facts", "retag", "deploy", "observe-rollout"]


class Watching:
    """An exporter in this process, and who receives what it sends."""

    def __init__(self, exporter: OpenTelemetryExporter, receiver: Receiver) -> None:
        self._exporter, self.receiver = exporter, receiver

    def spans(self) -> list[Span]:
        """Everything that has ended by now."""
        self._exporter.flush()
        return self.receiver.spans()

    def trace(self, correlation: str) -> list[Span]:
        """The spans of a correlation's trace."""
        return [one for one in self.spans() if one.trace_id == names(correlation)[0]]


def names(correlation: str) -> tuple[bytes, bytes]:
    """The trace and its first span, as anybody can tell them from a line of the log."""
    digest = hashlib.sha256(correlation.encode()).digest()
    return digest[:16], digest[16:24]


@contextmanager
def installed(exporter: OpenTelemetryExporter) -> Iterator[OpenTelemetryExporter]:
    """Have an exporter take everything that is told."""
    telemetry.install(exporter)
    try:
        yield exporter
    finally:
        telemetry.install(None)
        exporter.close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Where OpenTelemetry's variables say that everything is sent to."""
    with otlp_receiver() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


@pytest.fixture
def watching(receiver: Receiver) -> Iterator[Watching]:
    """Everything that is told from now on, received."""
    with installed(OpenTelemetryExporter.over_otlp()) as exporter:
        yield Watching(exporter, receiver)


def push(doors: Doors, version: str = "1.0.0") -> str:
    """Push a release branch through the git hook, and return the correlation that it was given."""
    slipway = doors.slipway
    ref = f"refs/heads/release/delivery/v{version}"
    commit = slipway.outside.commit(ref, {"src/shipping/delivery/version": version.encode()})
    body = changed("git-hook", "refs", to=[{"ref": ref, "before": "0" * 40, "after": commit}])
    doors.hook("/api/hooks/git", changed_id(body, f"push of {version}"), {"X-Slipway-Secret": HOOK_SECRET})
    slipway.pump()
    return slipway.release(version).correlation


def changed_id(body: bytes, id_: str) -> bytes:
    """The same hook's body under a delivery id of its own."""
    return json.dumps({**json.loads(body), "id": id_}).encode()


def approve(doors: Doors) -> None:
    """Click on yes, a day and a half later."""
    doors.slipway.outside.clock.advance(timedelta(hours=36))
    request = doors.slipway.request()
    answer = doors.post(f"/api/services/delivery/approvals/{request}", {"decision": "approve"}, who="rita")
    assert answer.status == 200, answer.json()


def named(spans: list[Span], *without: str) -> list[str]:
    """The names of spans, but for those that begin so."""
    return [one.name for one in spans if not one.name.startswith(without)]


def test_a_whole_release_is_one_trace_below_its_push(doors: Doors, slipway: Harness, watching: Watching) -> None:
    """Across queues and days; each effect is a span by its name, and each decision a part of what it reports."""
    correlation = push(doors)
    approve(doors)

    trace = watching.trace(correlation)
    _, first = names(correlation)
    by_id = {one.span_id: one for one in trace}
    assert slipway.live("production") == "1.0.0"
    assert (by_id[first].name, by_id[first].parent_span_id) == ("push-received", b"")
    assert {one.parent_span_id for one in trace if one.span_id != first} <= by_id.keys()
    assert named(trace, "push-received", "take ", "decide ", "set-status", "close-approval") == [*EFFECTS, *AFTER_YES]
    reports = [one for one in trace if one.name == "decide artifact-deployed"]
    assert [by_id[one.parent_span_id].name for one in reports] == ["deploy", "deploy"]


def test_a_span_says_which_version_goes_where_and_how_far_it_is(doors: Doors, watching: Watching) -> None:
    """So that somebody can ask for the deployments to production that took longest."""
    correlation = push(doors)
    approve(doors)

    deployed = [said(one.attributes) for one in watching.trace(correlation) if one.name == "deploy"]
    assert [one["slipway.environment"] for one in deployed] == ["qa", "production"]
    assert deployed[1] == {
        "slipway.service": "shipping~delivery",
        "slipway.effect": "shipping~delivery:2:deploy:1",
        "slipway.tries": "0",
        "slipway.version": "1.0.0",
        "slipway.environment": "production",
        "slipway.phase": "Verifying",
        "slipway.outcome": "moved",
    }


def test_no_span_is_open_while_people_are_waited_for(doors: Doors, watching: Watching) -> None:
    """The question's span has ended when it was put, and the answer is known by a link."""
    correlation = push(doors)
    before = {one.span_id for one in watching.trace(correlation)}

    approve(doors)

    spans = watching.spans()
    clicked = [one for one in spans if one.name == "decide approval-answered"]
    [click] = [one for one in clicked if one.trace_id != names(correlation)[0]]
    [answer] = [one for one in clicked if one.trace_id == names(correlation)[0]]
    assert "ask-approval" in [one.name for one in spans if one.span_id in before]
    assert click.parent_span_id == b""
    assert [(one.trace_id, one.span_id) for one in click.links] == [names(correlation)]
    assert [(one.trace_id, one.span_id) for one in answer.links] == [(click.trace_id, click.span_id)]
    assert max(one.end_time_unix_nano - one.start_time_unix_nano for one in spans) < 3600 * 10**9


def test_a_click_that_is_refused_is_a_trace_of_its_own(doors: Doors, watching: Watching) -> None:
    """With the reason's code; the release knows nothing of it."""
    correlation = push(doors)

    doors.post(f"/api/services/delivery/approvals/{'0' * 64}", {"decision": "approve"}, who="rita")

    [click] = [one for one in watching.spans() if one.name == "decide approval-answered"]
    told = said(click.attributes)
    assert (told["slipway.outcome"], "slipway.version" in told) == ("refused", False)
    assert told["slipway.code"]
    assert (list(click.links), click.parent_span_id) == ([], b"")
    assert click.trace_id != names(correlation)[0]


def test_a_version_that_ends_another_is_linked_with_it(doors: Doors, watching: Watching) -> None:
    """The decision stands in both traces."""
    first, second = push(doors, "1.0.0"), push(doors, "1.0.1")

    ended = [one for one in watching.trace(first) if second_of(one) == names(second)]
    assert [said(one.attributes)["slipway.outcome"] for one in ended] == ["moved"]


def second_of(span: Span) -> tuple[bytes, bytes] | None:
    """What a span is linked with."""
    return (span.links[0].trace_id, span.links[0].span_id) if span.links else None


def test_work_that_is_cut_short_shows_as_an_error(slipway: Harness, watching: Watching) -> None:
    """It is taken up again by another span of the same trace."""
    slipway.push_release("1.0.0")
    slipway.outside.troubles.add("source", Transient("out of reach"))

    slipway.pump()

    inspected = [one.status.code for one in watching.spans() if one.name == "take slipway-inspect-push"]
    assert inspected == [Status.STATUS_CODE_ERROR, Status.STATUS_CODE_UNSET]


def test_what_leads_to_nothing_leaves_no_trace(slipway: Harness, watching: Watching) -> None:
    """The minute tick looks at what is due, most often in vain."""
    slipway.release_to("1.0.0", approve=False)
    before = len(watching.spans())

    slipway.tick(timedelta(minutes=1))

    assert named(watching.spans()[before:]) == []


def test_the_measures_of_delivery_are_sent(slipway: Harness, watching: Watching) -> None:
    """Counts as counts, times in seconds in buckets from minutes to weeks, by service and environment."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")
    watching.spans()

    found = watching.receiver.measures()
    [deployed], [failed] = found[DEPLOYMENTS].sum.data_points, found[FAILURES].sum.data_points
    [lead], [restored] = found[LEAD_TIME].histogram.data_points, found[RESTORE].histogram.data_points
    assert (deployed.as_double or deployed.as_int, failed.as_double or failed.as_int) == (1, 1)
    assert said(deployed.attributes) == {"slipway.service": "shipping~delivery", "slipway.environment": "production"}
    assert (lead.count, restored.count, found[LEAD_TIME].unit) == (1, 1, "s")
    assert lead.explicit_bounds[0] == 60
    assert lead.explicit_bounds[-1] == 30 * 24 * 3600


def test_whoever_receives_sees_who_sends(slipway: Harness, watching: Watching) -> None:
    """The name of the service is ours unless OTEL_SERVICE_NAME says another."""
    slipway.release_to("1.0.0", approve=False)
    watching.spans()

    assert {one["service.name"] for one in watching.receiver.resources()} == {"slipway"}


def test_of_a_release_either_everything_is_sampled_or_nothing(
    slipway: Harness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its correlation alone, whichever process and day a span is of."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")

    with installed(OpenTelemetryExporter.over_otlp()) as exporter:
        ids = {slipway.release_to(f"1.{number}.0", approve=False).correlation for number in range(8)}
        watching = Watching(exporter, receiver)
        kept = {one for one in ids if watching.trace(one)}
        deployed = {one for one in kept if "deploy" in named(watching.trace(one))}

    half = {one for one in ids if int.from_bytes(names(one)[0][8:]) < 2**63}
    assert 0 < len(half) < len(ids)
    assert kept == deployed == half


def test_azure_monitor_is_sent_the_same(
    slipway: Harness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By its own exporter, in its own records; operations are named by the correlation."""
    # What it tells Microsoft of itself would be sent after the receiver has gone.
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")
    connection = f"InstrumentationKey={UUID(int=1)};IngestionEndpoint={receiver.url}/"
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", connection)

    with installed(OpenTelemetryExporter.to_azure_monitor()) as exporter:
        correlation = slipway.release_to("1.0.0").correlation
        exporter.flush()

    sent = b"".join(body for path, body in receiver.bodies if "track" in path).decode()
    assert names(correlation)[0].hex() in sent
    assert '"ask-approval"' in sent
    assert LEAD_TIME in sent
    assert [one.getMessage() for one in caplog.records if one.name.startswith("azure.monitor")] == []
