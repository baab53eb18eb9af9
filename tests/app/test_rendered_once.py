"""What people say yes to is rendered once and kept: these very bytes are deployed, also of a chart that never renders the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.domain.state.inputs import read_inputs
from shared.domain.state.promotion import Rendered
from shared.domain.values.names import Digest
from shared.ports.chart import Rendering, UnreadManifests
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import ImageDescription
from tests.support.app_parts import Harness, make_app
from tests.support.outside import MAIN, SLIPWAY_YAML, Outside
from tests.support.outside_registry import MemoryCharts, MemoryRegistry

SOAKING = SLIPWAY_YAML.replace("older_than_live: block}", "older_than_live: block, soak: 3h}")
HOUR = timedelta(hours=1)
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations: {kubernetes.io/change-cause: {{ .Values.reason | quote }}, at: {{ now | date "15:04:05.000000" | quote }}}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a, salt: {{ randAlphaNum 20 | quote }}}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers: [{name: a, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}]
"""


@dataclass
class RestlessCharts(MemoryCharts):
    """Renders by Helm a chart that makes up a text and looks at the clock."""

    helm: HelmCharts
    folder: Path

    def __init__(self, outside: Outside, folder: Path) -> None:
        super().__init__(outside.registry, outside.troubles)
        self.helm, self.folder = HelmCharts(), folder

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """See Charts."""
        self._troubles.hit("charts.render")
        return self.helm.render(self.folder, rendering)


@pytest.fixture
def soaking(tmp_path: Path) -> Harness:
    """Production asks people while it waits for three hours in qa; the chart is restless."""
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: delivery\nversion: 1.0.0\n")
    (chart / "templates/deployment.yaml").write_text(DEPLOYMENT)
    outside = Outside(slipway_yaml=SOAKING)
    outside.charts = RestlessCharts(outside, chart)
    return make_app("memory", tmp_path, outside).start()


def rendered(slipway: Harness, environment: str = "production") -> Rendered:
    """What was rendered for version 1.0.0."""
    found = slipway.promotion("1.0.0", environment).rendered
    assert found is not None
    return found


def renders(slipway: Harness) -> int:
    return slipway.outside.troubles.calls.count("charts.render")


def configure(slipway: Harness, old: str, new: str) -> None:
    """Change slipway.yaml on the default branch."""
    assert old in SOAKING
    slipway.push(MAIN, {"slipway.yaml": SOAKING.replace(old, new).encode()})
    slipway.tick()


@pytest.mark.slow
def test_the_very_bytes_that_were_approved_are_deployed(soaking: Harness) -> None:
    """Of a chart with `now` and random values; hours later facts are read anew, and nothing is rendered again."""
    soaking.release_to("1.0.0", approve=False)
    asked = soaking.app.evidence.get(rendered(soaking).manifests)
    charts: Any = soaking.outside.charts
    settings = (("image.repository", "i"), ("image.tag", "v1"), ("reason", "r"))
    one, other = (
        charts.helm.render(charts.folder, Rendering(release_name="r", namespace="n", set=settings)) for _ in range(2)
    )
    soaking.approve()
    before = renders(soaking)
    for _ in range(4):
        soaking.tick(HOUR)

    assert one != other
    assert soaking.live("production") == "1.0.0"
    assert soaking.promotion("1.0.0", "production").facts_round > 1
    assert soaking.running("production").manifests == asked
    assert renders(soaking) == before == 2


@pytest.mark.slow
def test_an_approval_does_not_outlive_a_change_of_what_is_set(soaking: Harness) -> None:
    """It is rendered anew, the vote is void, and people are told what changed."""
    soaking.release_to("1.0.0", approve=False)
    first, old = rendered(soaking), soaking.request()
    soaking.approve()
    configure(soaking, "namespace: backend\n", "namespace: elsewhere\n")
    second = rendered(soaking)

    assert second.changed == "the namespace changed"
    assert (second.inputs != first.inputs, second.manifests != first.manifests) == (True, True)
    assert soaking.request() != old
    for _ in range(4):
        soaking.tick(HOUR)
    assert soaking.live("production") == ""
    assert "the namespace changed, 1 vote void" in " ".join(n for one in soaking.timeline() for n in one.notes)


def test_other_rules_for_people_render_nothing_anew(slipway: Harness) -> None:
    """The vote stays as well, where the new rule takes it."""
    slipway.release_to("1.0.0", approve=False)
    first, before = rendered(slipway), renders(slipway)
    changed = SLIPWAY_YAML.replace("minimum: 1", "minimum: 1, expires: 3d")
    slipway.push(MAIN, {"slipway.yaml": changed.encode()})
    slipway.tick()

    assert (rendered(slipway), renders(slipway)) == (first, before)
    assert slipway.promotion("1.0.0", "production").facts_round == 2


def test_another_values_file_is_said_by_its_path(slipway: Harness) -> None:
    """The file's content at the commit counts, not its name alone."""
    slipway.push("refs/heads/release/delivery/v1.0.0", {"charts/delivery/more.yaml": b"replicas: 9\n"})
    slipway.pump()
    changed = SLIPWAY_YAML.replace("values-production.yaml", "more.yaml")
    slipway.push(MAIN, {"slipway.yaml": changed.encode()})
    slipway.tick()

    assert "charts/delivery/more.yaml is now among the values files" in rendered(slipway).changed


def test_the_list_of_inputs_is_kept_and_can_be_read(slipway: Harness) -> None:
    """Who asks later what was approved finds each part."""
    slipway.release_to("1.0.0", approve=False)
    listed = dict(read_inputs(slipway.app.evidence.get(rendered(slipway).inputs)))

    assert listed["namespace"] == "backend"
    assert listed["image"].startswith("localhost:5000/prod/delivery:v1.0.0@sha256:")
    assert listed["values file charts/delivery/values-production.yaml"] == "absent"
    assert listed["setting reason"].startswith("text v1.0.0 promotion 2")


def test_a_list_that_was_lost_is_changed_in_words_as_well(slipway: Harness) -> None:
    """Nothing can be compared; people are asked again all the same."""
    slipway.release_to("1.0.0", approve=False)
    lost = rendered(slipway).inputs

    class Forgetful:
        def put(self, content: bytes) -> str:
            return evidence.put(content)

        def get(self, sha256: str) -> bytes:
            if sha256 == lost:
                raise NotFound("gone")
            return evidence.get(sha256)

    evidence = slipway.app.evidence
    slipway.wrap(evidence=Forgetful())
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("namespace: backend\n", "namespace: b\n").encode()})
    slipway.tick()

    assert rendered(slipway).changed == "what would be deployed changed"


def test_a_chart_that_could_not_be_rendered_is_tried_again(slipway: Harness) -> None:
    """Its inputs are the same, and nothing was kept of it."""
    slipway.outside.charts.broken.add("1.0.0")
    slipway.push_release("1.0.0")
    slipway.pump()
    before = rendered(slipway, "qa")
    slipway.outside.charts.broken.clear()
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("  qa:\n", "  qa:\n    gates: {soak: 1s}\n").encode()})
    slipway.tick()

    assert (before.manifests, rendered(slipway, "qa").changed) == ("", "")
    assert slipway.live("qa") == "1.0.0"


@pytest.mark.parametrize(
    ("user", "complies"), [("root", False), ("", False), ("app", False), ("10001", True), (None, True)]
)
def test_the_images_own_user_is_read_from_the_registry(slipway: Harness, user: str | None, complies: bool) -> None:
    """By its digest, once: it never changes."""
    slipway.push_release("1.0.0")
    slipway.pump("build", "inspect-push", "events")
    slipway.outside.registry.users = EveryImage(user)
    slipway.pump()

    found = rendered(slipway, "qa").findings
    assert bool(found) is not complies
    assert all("own user" in one.problem for one in found)


class EveryImage(dict[Digest, str | None]):
    """All images run as one user."""

    def __init__(self, user: str | None) -> None:
        self.user = user

    def get(self, key: Digest, default: Any = None) -> Any:
        """The user, whatever the image."""
        return self.user


class Describing:
    """A registry with an answer of its own to what an image is."""

    def __init__(self, registry: MemoryRegistry, answer: ImageDescription | Permanent) -> None:
        self.registry, self.answer = registry, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.registry, name)

    def describe(self, *_: object) -> ImageDescription:
        """See Registry."""
        if isinstance(self.answer, Permanent):
            raise self.answer
        return self.answer


def described(slipway: Harness, answer: ImageDescription | Permanent) -> None:
    """Push a release, and have its image described so."""
    slipway.push_release("1.0.0")
    slipway.wrap(registry=Describing(slipway.outside.registry, answer))
    slipway.pump()


def test_an_image_whose_builder_could_not_know_its_user_is_no_finding(slipway: Harness) -> None:
    """Unknown is neither root nor none; the kubelet sees to it."""
    digest = Digest(f"sha256:{'1' * 64}")
    described(slipway, ImageDescription(digest=digest, media_type="", config_media_type="", size=0))

    assert rendered(slipway, "qa").findings == ()


def test_a_registry_that_does_not_let_us_in_is_no_finding(slipway: Harness) -> None:
    """The release is not to blame; it is read again later."""
    described(slipway, Permanent("401", ours=True))

    assert slipway.promotion("1.0.0", "qa").rendered is None
    assert slipway.promotion("1.0.0", "qa").trouble == "401"


def test_an_image_that_cannot_be_described_is_a_finding(slipway: Harness) -> None:
    """What was rendered is kept; nobody knows what it would run as."""
    described(slipway, Permanent("configuration sha256:1: is no JSON"))

    [one] = rendered(slipway, "qa").findings
    assert (one.field, one.problem) == ("image", "configuration sha256:1: is no JSON")
    assert rendered(slipway, "qa").manifests


def test_what_cannot_be_read_of_the_manifests_is_a_finding_that_a_person_may_answer_for(slipway: Harness) -> None:
    """With its place; what can be read is judged beside it."""

    class HalfRead(MemoryCharts):
        def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
            raise UnreadManifests([("templates/x.yaml, line 3 as rendered", "is a list")], super().parse(manifests))

    charts = HalfRead(slipway.outside.registry, slipway.outside.troubles)
    slipway.wrap(charts=charts)
    slipway.push_release("1.0.0")
    slipway.pump()

    [one] = rendered(slipway, "qa").findings
    assert (one.object, one.problem) == ("templates/x.yaml, line 3 as rendered", "is a list")
    assert slipway.app.evidence.get(rendered(slipway, "qa").manifests)
