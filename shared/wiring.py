"""What settings make of adapters; bootstrap has one of each in a process. Adapters load their SDKs on first use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from shared.config import Settings, host_variables
from shared.deploying import Appliers, Watchers, by_gitops, clusters_of, deploying, processes_of
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION
from shared.on_first_use import OnceForEach, OnFirstUse
from shared.ports.errors import Permanent
from shared.telemetry import install, log_warning

if TYPE_CHECKING:
    from shared.adapters.azure_identity import Credentials, ManagedIdentity
    from shared.adapters.opentelemetry_export import OpenTelemetryExporter
    from shared.app.access import EnvironmentAccess
    from shared.ports.anchors import Anchors
    from shared.ports.builder import Builder
    from shared.ports.chart import Charts
    from shared.ports.directory import Directory
    from shared.ports.evidence import Evidence
    from shared.ports.policies import PolicyReader
    from shared.ports.source import Source


def export(telemetry: str) -> OpenTelemetryExporter | None:
    """Have spans and measures sent to where the settings say; nothing is loaded where that is nowhere.

    Where an exporter cannot read its own settings nothing is sent: every message would be poison for that.
    """
    if telemetry == "off":
        return None
    from shared.adapters.opentelemetry_export import OpenTelemetryExporter

    otlp = telemetry == "otlp"
    try:
        made = OpenTelemetryExporter.over_otlp() if otlp else OpenTelemetryExporter.to_azure_monitor()
    except ValueError as error:
        hint = "OTEL_*" if otlp else "APPLICATIONINSIGHTS_CONNECTION_STRING"
        log_warning("telemetry.not_sent", to=telemetry, reason=str(error), hint=f"look at {hint}")
        return None
    install(made)
    return made


def environment_access(
    chosen: Settings,
    now: Callable[[], datetime],
    held: Credentials | None,
    around: Callable[[EnvironmentAccess], EnvironmentAccess],
) -> Callable[[str | None], EnvironmentAccess]:
    """Return what says what acts with an identity, None for Slipway's own; where nobody has one, everything acts as one."""
    # What writes git shows credentials of its own to each address, and uses no identity.
    git = OnFirstUse(lambda: by_gitops(chosen, now))
    processes = OnFirstUse(lambda: processes_of(chosen))

    def make(identity: str | None) -> EnvironmentAccess:
        if not chosen.has_role(NONPROD, PRODUCTION):
            problem = "this app acts on no environment; only one with the role nonprod or production does"
            raise Permanent(problem, ours=True)
        credential = None
        if held is not None and chosen.identities:
            if identity is not None:
                credential = held.of(identity)
            elif chosen.identities.own:
                credential = held.own()
        clusters = clusters_of(chosen, identity, credential)
        made = access_with(chosen, lambda charts: deploying(chosen, now, git, clusters, charts, processes), credential)
        return around(made)

    made = OnceForEach(make)
    return lambda identity: made(identity if held is not None and chosen.identities else None)


def access_with(
    chosen: Settings,
    deploys: Callable[[Charts], tuple[Appliers, Watchers]],
    credential: ManagedIdentity | None,
) -> EnvironmentAccess:
    """Put together what acts with a credential, or with none."""
    from shared.adapters.helm_charts import HelmCharts, Hosts
    from shared.adapters.oci_registry import OciRegistry, RegistrySignIn
    from shared.app.access import EnvironmentAccess

    # Where nobody has an identity everything is on one machine, its registry too.
    own = {chosen.registry.lower()} if chosen.registry else set[str]()
    hosts = Hosts(listed=chosen.charts.hosts | own, near=not chosen.identities)
    registry = OciRegistry(RegistrySignIn(credential, chosen.registry)) if credential is not None else OciRegistry()
    charts = HelmCharts(
        limits=chosen.charts.limits,
        hosts=hosts,
        outgoing=chosen.charts.outgoing,
        registries=registry,
    )
    applier, watcher = deploys(charts)
    return EnvironmentAccess(registry=registry, charts=charts, applier=applier, watcher=watcher)


def builder(
    chosen: Settings, source: Source, access_as: Callable[[str | None], EnvironmentAccess], evidence: Evidence
) -> Builder:
    """Return what builds in this process, which from now on shows its environment to no other process; or what says why not."""
    refused = _builds_refused(chosen)
    if refused:
        from shared.adapters.no_builder import NoBuilder

        return NoBuilder(refused)
    from shared.adapters.local_build import LocalBuilder
    from shared.adapters.local_build.sight import Sight
    from shared.adapters.processes import keep_to_itself

    keep_to_itself()
    own = access_as(None)
    state = [chosen.work, chosen.gitops, *chosen.repositories.values()]
    state += [chosen.database.parent] if chosen.database is not None else []
    return LocalBuilder(
        source=source,
        charts=own.charts,
        registry=own.registry,
        evidence=evidence,
        folder=chosen.work / "builds",
        caches=chosen.work / "caches",
        most_disk=chosen.builds.disk,
        most_cached=chosen.builds.caches,
        path=chosen.path,
        host=host_variables,
        sight=Sight(reads=chosen.builds.reads, hidden=tuple(state)),
    )


def warnings(chosen: Settings) -> tuple[str, ...]:
    """Say what people should know of how this process is set up."""
    if _builds_refused(chosen):
        return ()
    from shared.adapters.local_build.sight import in_words

    found = in_words()
    return (found,) if found else ()


def _builds_refused(chosen: Settings) -> str:
    if not chosen.has_role(NONPROD):
        return "this app has not the role nonprod"
    held = sorted(chosen.identities.production & chosen.identities.held.keys())
    if held:
        return f"this app holds production's identity ({', '.join(held)}); a build in it could use that"
    if chosen.account_keys:
        return "this app's settings hold the keys of a storage account; a build in it could use them"
    return ""


def policies(chosen: Settings) -> PolicyReader:
    """Return what reads slipway.yaml."""
    from shared.domain.policies.policy import GitOpsTarget
    from shared.inbound.one_machine import OneMachinePolicies
    from shared.inbound.slipway_yaml import SlipwayYaml
    from shared.inbound.with_identities import PoliciesWithIdentities

    if chosen.identities:
        reader = SlipwayYaml(default_registry=chosen.registry, production=chosen.identities.production)
        return PoliciesWithIdentities(reader, registry=chosen.registry, production=chosen.identities.production)
    deploy = GitOpsTarget(repository="environments.git")
    reader = SlipwayYaml(local_deploy=deploy, default_registry=chosen.registry)
    known = chosen.clusters.known.keys()
    return OneMachinePolicies(reader, registry=chosen.registry, deploy=deploy, clusters=known)


def directory(chosen: Settings, held: Credentials) -> Directory | None:
    """Return the directory wherever there are identities to ask it with, and none that answers where only people are.

    No worker reads configurations or knows who asks.
    """
    if not chosen.has_role(CONTROL):
        return None
    if chosen.identities:
        from shared.adapters.entra.graph import GraphDirectory
        from shared.adapters.storage.message_leases import running_time

        return GraphDirectory(chosen.entra.graph, held.own, elapsed=running_time)
    if chosen.entra.tenant:
        from shared.adapters.entra.absent import NoDirectory

        log_warning("directory.none", hint="approvers count by their ids only; set SLIPWAY_IDENTITY to name them")
        return NoDirectory()
    return None


def anchors(chosen: Settings, held: Credentials | None) -> Anchors | None:
    """Return where anchors are kept: beside the file, or in the account. Control alone writes them."""
    if not chosen.has_role(CONTROL):
        return None
    if chosen.database is not None:
        from shared.adapters.anchor_files import AnchorFiles

        return AnchorFiles(chosen.database.parent / "anchors")
    from shared.adapters.azure_storage.anchors import BlobAnchors

    storage = chosen.storage
    if storage.connection:
        return BlobAnchors.of_connection(storage.connection)
    return BlobAnchors.of_account(storage.account, held.own() if held else None, suffix=storage.suffix)
