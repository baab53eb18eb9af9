"""The registry's part of the stage: what is cleaned away or moved there, and what doors hear of it."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.messages import events as ev
from shared.domain.values.names import Digest, ServiceKey
from shared.ports.applier import Found
from tests.support.app_parts import DELIVERY, PACKAGE
from tests.support.outside import Outside
from tests.workshop.soak.judge import Judge
from tests.workshop.soak.running_time import RunningTime
from tests.workshop.soak.seen import Bundle
from tests.workshop.soak.watched import WatchedHarness

HOST = "localhost:5000"


class RegistryOfStage:
    """What happens in the registry."""

    harness: WatchedHarness
    outside: Outside
    judge: Judge
    _time: RunningTime
    _lost: dict[str, timedelta]

    def lose(self, service: ServiceKey, version: str) -> None:
        """Somebody cleans up the registry too keenly: a version's image is gone, wherever it lay."""
        bundle = self.judge.service(service.service).bundles.get(version)
        for repository in (service.service, f"prod/{service.service}") if bundle else ():
            held = self.outside.registry.manifests.get(repository, {})
            for digest in [one for one in held if bundle and one.text == bundle.image]:
                del held[digest]
                self._lost.setdefault(digest.text, self._time.elapsed)
                self.tell_deleted(repository, digest)

    def clean_up(self) -> None:
        """A rule of the registry takes what no tag names, but for what was packaged once."""
        packaged = [
            bundle for service in (DELIVERY, PACKAGE) for bundle in self.judge.service(service.service).bundles.values()
        ]
        kept = {digest for bundle in packaged for digest in (bundle.image, bundle.chart)}
        self.outside.registry.clean_up(keep=kept)

    def tell_deleted(self, repository: str, digest: Digest) -> None:
        """A door hears that something was deleted, which may be a lie."""
        name = self.harness.app.new_id()
        self.harness.send(ev.ManifestDeleted(id=name, registry=HOST, repository=repository, digest=digest))

    def deploy_by_hand(self, service: ServiceKey, environment: str, version: str, bundle: Bundle) -> None:
        """Somebody deploys a version with their own Helm."""
        number = len(self.outside.environments.applied[f"{environment}/{service.service}"]) + 1
        found = Found(
            release_name=service.service,
            revision=f"{number}/",
            chart=service.service,
            chart_version=version,
            app_version=f"v{version}",
            status="deployed",
            images=(f"{HOST}/{service.service}:v{version}",),
            digests=(bundle.image,),
            manifests=f"by hand {version}".encode(),
            values=b"{}",
        )
        self.outside.environments.with_helm(environment, service.service, found)
        self.judge.by_hand(service.service, environment, f"{HOST}/{service.service}:v{version}@{bundle.image}")

    def move_tag(self, service: ServiceKey, version: str) -> None:
        """Somebody pushes another image under a tag that was packaged, and the registry tells."""
        place = (service.service, f"v{version}")
        if version in self.judge.service(service.service).bundles and place in self.outside.registry.tagged:
            other = Digest("sha256:" + "e" * 64)
            self.outside.registry.tagged[place] = other
            self.outside.registry.manifests[place[0]][other] = b"something else"
            told = ev.TagPushed(
                id=self.harness.app.new_id(), registry=HOST, repository=place[0], tag=place[1], digest=other
            )
            self.harness.send(told)
