"""Settings: the only place that reads the environment. Names begin with SLIPWAY_."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from shared.build_settings import BuildSettings
from shared.chart_settings import ChartSettings
from shared.cluster_settings import ClusterSettings
from shared.domain.values.errors import InvalidValue
from shared.environment import address, credentials, names, texts, whole
from shared.inbound.entra import AUTHORITY, GRAPH, Entra
from shared.storage_settings import Storage, holds_keys

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Client ids of managed identities: `own` is Slipway's, `held` those of environments by the name in slipway.yaml.

    `production` names the identities that only the production worker's app holds, in every app alike.
    """

    own: str = ""
    held: Mapping[str, str] = field(default_factory=dict)
    production: frozenset[str] = frozenset({"production"})

    def __bool__(self) -> bool:
        return bool(self.own or self.held)

    def check(self, roles: Set[str]) -> None:
        """Raise InvalidValue where an app's roles and the identities that it holds do not fit; no roles are all of them."""
        lacking, others = self.production - self.held.keys(), self.production & self.held.keys()
        if "production" in roles and lacking:
            raise InvalidValue(
                "SLIPWAY_IDENTITIES",
                f"has no client id for {', '.join(sorted(lacking))}, which the role production acts with; add it, "
                "or correct SLIPWAY_PRODUCTION_IDENTITIES",
            )
        if roles and "production" not in roles and others:
            raise InvalidValue(
                "SLIPWAY_IDENTITIES",
                f"names {', '.join(sorted(others))}, which is for the app with the role production alone; take it out "
                "here, and away from this app",
            )

    @staticmethod
    def from_env(env: Mapping[str, str]) -> Identities:
        """Read SLIPWAY_IDENTITY, SLIPWAY_IDENTITIES and SLIPWAY_PRODUCTION_IDENTITIES."""
        return Identities(
            own=env.get("SLIPWAY_IDENTITY", ""),
            held=texts("SLIPWAY_IDENTITIES", env.get("SLIPWAY_IDENTITIES") or "{}"),
            production=names(env.get("SLIPWAY_PRODUCTION_IDENTITIES", "production")),
        )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        return {
            "SLIPWAY_IDENTITY": self.own,
            "SLIPWAY_IDENTITIES": json.dumps(dict(self.held)),
            "SLIPWAY_PRODUCTION_IDENTITIES": ",".join(sorted(self.production)),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between installations.

    State is kept in the SQLite file `database`, or else in `storage`.
    `gitops_credentials` gives `user:password` by the beginning of an https address.
    `repositories` are bare or plain git repositories on this disk by name; `gitops` is the folder that relative GitOps
    repositories are looked up in. `registry`, where set, takes the place of the registry that slipway.yaml names.
    Of the secrets of hooks several count, while one takes another one's place. `roles` says which functions an app registers; empty means all. `telemetry` says where spans and measures go, `url` where people reach us. `easy_auth`
    is no setting of ours: App Service says with it that people sign in before a request reaches us.
    `account_keys`: this process's environment holds an account's keys.
    """

    database: Path | None = None
    storage: Storage = field(default_factory=Storage)
    identities: Identities = Identities()
    work: Path = Path(".local/work")
    repositories: Mapping[str, Path] = field(default_factory=dict)
    gitops: Path = Path(".local")
    gitops_credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    registry: str | None = None
    hook_secrets: frozenset[str] = field(default=frozenset(), repr=False)
    registry_hook_secrets: frozenset[str] = field(default=frozenset(), repr=False)
    entra: Entra = field(default_factory=Entra)
    easy_auth: bool = False
    max_body: int = MIB
    roles: frozenset[str] = frozenset()
    rollout_poll: timedelta = timedelta(seconds=15)
    charts: ChartSettings = field(default_factory=ChartSettings)
    builds: BuildSettings = field(default_factory=BuildSettings)
    clusters: ClusterSettings = field(default_factory=ClusterSettings)
    telemetry: str = "off"
    url: str = ""
    path: str = os.defpath
    account_keys: bool = False

    @staticmethod
    def from_env(environment: Mapping[str, str] | None = None) -> Settings:
        """Read SLIPWAY_* variables; raise InvalidValue naming the one that is wrong."""
        env = os.environ if environment is None else environment
        made = Settings(
            database=Path(env["SLIPWAY_DATABASE"]) if env.get("SLIPWAY_DATABASE") else None,
            storage=Storage.from_env(env),
            identities=Identities.from_env(env),
            work=Path(env.get("SLIPWAY_WORK", ".local/work")),
            repositories={
                name: Path(path)
                for name, path in texts("SLIPWAY_REPOSITORIES", env.get("SLIPWAY_REPOSITORIES") or "{}").items()
            },
            gitops=Path(env.get("SLIPWAY_GITOPS", ".local")),
            gitops_credentials=credentials("SLIPWAY_GITOPS_CREDENTIALS", env.get("SLIPWAY_GITOPS_CREDENTIALS") or "{}"),
            registry=env.get("SLIPWAY_REGISTRY") or None,
            hook_secrets=names(env.get("SLIPWAY_HOOK_SECRET", "")),
            registry_hook_secrets=names(env.get("SLIPWAY_REGISTRY_HOOK_SECRET", "")),
            entra=_entra(env),
            easy_auth=env.get("WEBSITE_AUTH_ENABLED", "").lower() == "true",
            max_body=whole("SLIPWAY_MAX_BODY", env.get("SLIPWAY_MAX_BODY", str(MIB))),
            roles=names(env.get("SLIPWAY_ROLES", "")),
            rollout_poll=timedelta(
                milliseconds=whole("SLIPWAY_ROLLOUT_POLL_MS", env.get("SLIPWAY_ROLLOUT_POLL_MS", "15000"))
            ),
            charts=ChartSettings.from_env(env),
            builds=BuildSettings.from_env(env),
            clusters=ClusterSettings.from_env(env),
            telemetry=_telemetry(env),
            url=address("SLIPWAY_URL", env.get("SLIPWAY_URL", "")),
            path=env.get("PATH", os.defpath),
            account_keys=holds_keys(env),
        )
        made.identities.check(made.roles)
        held, own = made.identities.held.keys(), bool(made.identities.own)
        made.clusters.check(held=held, production=made.identities.production, own=own, roles=made.roles)
        if made.database is None:
            made.storage.check(made.identities.own)
        return made

    def has_role(self, *any_of: str) -> bool:
        """Whether this process has one of the roles; one that names none has all."""
        return not self.roles or not self.roles.isdisjoint(any_of)

    @property
    def decides(self) -> bool:
        """Whether this process writes state: control does, and whoever can open the file that all of it lies in."""
        return self.database is not None or self.has_role("control")

    def to_env(self) -> dict[str, str]:
        """Return the variables that `from_env` reads these settings from, for a child process."""
        return {
            "SLIPWAY_DATABASE": str(self.database or ""),
            **self.storage.to_env(),
            **self.identities.to_env(),
            "SLIPWAY_WORK": str(self.work),
            "SLIPWAY_REPOSITORIES": json.dumps({name: str(path) for name, path in self.repositories.items()}),
            "SLIPWAY_GITOPS": str(self.gitops),
            "SLIPWAY_GITOPS_CREDENTIALS": json.dumps(dict(self.gitops_credentials)),
            "SLIPWAY_REGISTRY": self.registry or "",
            "SLIPWAY_HOOK_SECRET": ",".join(sorted(self.hook_secrets)),
            "SLIPWAY_REGISTRY_HOOK_SECRET": ",".join(sorted(self.registry_hook_secrets)),
            "SLIPWAY_ENTRA_TENANT": self.entra.tenant,
            "SLIPWAY_ENTRA_AUDIENCES": ",".join(self.entra.audiences),
            "SLIPWAY_ENTRA_AUTHORITY": self.entra.authority,
            "SLIPWAY_GRAPH": self.entra.graph,
            "SLIPWAY_MAX_BODY": str(self.max_body),
            "SLIPWAY_ROLES": ",".join(sorted(self.roles)),
            "SLIPWAY_ROLLOUT_POLL_MS": str(self.rollout_poll // timedelta(milliseconds=1)),
            **self.charts.to_env(),
            **self.builds.to_env(),
            **self.clusters.to_env(),
            "SLIPWAY_TELEMETRY": self.telemetry,
            "SLIPWAY_URL": self.url,
            "PATH": self.path,
        }


def host_variables(names: Iterable[str]) -> dict[str, str]:
    """Return those variables of this process that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _entra(env: Mapping[str, str]) -> Entra:
    return Entra(
        tenant=env.get("SLIPWAY_ENTRA_TENANT", "").lower(),
        audiences=tuple(sorted(names(env.get("SLIPWAY_ENTRA_AUDIENCES", "")))),
        authority=(env.get("SLIPWAY_ENTRA_AUTHORITY") or AUTHORITY).rstrip("/"),
        graph=(env.get("SLIPWAY_GRAPH") or GRAPH).rstrip("/"),
    )


def _telemetry(env: Mapping[str, str]) -> str:
    to = env.get("SLIPWAY_TELEMETRY") or "off"
    if to not in ("off", "otlp", "azure-monitor"):
        raise InvalidValue("SLIPWAY_TELEMETRY", f"{to!r} is not known; known are: off, otlp, azure-monitor")
    if to == "azure-monitor" and not env.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        raise InvalidValue("SLIPWAY_TELEMETRY", "azure-monitor needs APPLICATIONINSIGHTS_CONNECTION_STRING")
    return to
