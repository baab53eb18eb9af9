"""A repository's tips and configuration: the partition `<repository>`.

A compiled configuration may be larger than a row: `config` names each service's policy by its digest, and the
policies lie in rows of their own. Write those first; a reader that comes in between is told by HalfWritten.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.codec.errors import HalfWritten
from shared.codec.keys import encode_part
from shared.codec.stored import Stored
from shared.domain.policies.policy import RepositoryPolicy, ServicePolicy
from shared.domain.state.repository import ConfigInForce, Tip
from shared.domain.values.records import Record, Time

# What every page shows of each repository's configuration lies together, and holds no policies.
SHOWN = "board~configurations"
CONFIG, TIP, GONE, SERVICE = "config", "tip~", "gone~", "service~"


def tip_row(ref: str) -> str:
    """Name the row of a branch's tip."""
    return f"{TIP}{encode_part(ref)}"


def gone_row(ref: str) -> str:
    """Name the row of the last tip of a branch that was deleted: its number goes on if the branch comes back."""
    return f"{GONE}{encode_part(ref)}"


def service_row(service: str, digest: str) -> str:
    """Name the row of a service's policy by the service and the policy's digest: what it holds never changes."""
    return f"{SERVICE}{service}~{digest[:16]}"


class ConfigRow(Record):
    """The row `config`: the configuration in force, each service's policy named by its digest."""

    commit: str
    repository: str = ""
    policy_commit: str = ""
    services: tuple[tuple[str, str], ...] | None
    faults: tuple[str, ...] = ()
    faulty_commit: str = ""
    checked_at: Time
    number: int

    def in_force(self, policy: RepositoryPolicy | None = None) -> ConfigInForce:
        """Return the configuration, with its policies where they were read."""
        return ConfigInForce(
            commit=self.commit,
            policy=policy,
            faults=self.faults,
            faulty_commit=self.faulty_commit,
            checked_at=self.checked_at,
            number=self.number,
        )


TIPS = Stored[Tip]("tip", Tip)
CONFIGS = Stored[ConfigRow]("config", ConfigRow, remembers=64)
# Each push reads those of its repository.
POLICIES = Stored[ServicePolicy]("policy", ServicePolicy, remembers=1024)


def encode_config(config: ConfigInForce) -> bytes:
    """Return the row `config`; the policies it names are `encode_services`' rows."""
    policy = config.policy
    return CONFIGS.encode(
        ConfigRow(
            commit=config.commit,
            repository=policy.repository if policy else "",
            policy_commit=policy.commit if policy else "",
            services=tuple((one.service.service, one.digest) for one in policy.services) if policy else None,
            faults=config.faults,
            faulty_commit=config.faulty_commit,
            checked_at=config.checked_at,
            number=config.number,
        )
    )


def encode_services(policy: RepositoryPolicy) -> dict[str, bytes]:
    """Return the rows of the services' policies, to be written before `config`."""
    return {service_row(one.service.service, one.digest): POLICIES.encode(one) for one in policy.services}


def config_digests(data: bytes) -> Mapping[str, str]:
    """Return the digest of each service's policy from the row `config` alone; raise UnreadableRecord."""
    return dict(CONFIGS.decode(data).services or ())


def decode_config_state(data: bytes) -> ConfigInForce:
    """Read the row `config`, or what is shown of it, without any policy; raise UnreadableRecord."""
    return CONFIGS.decode(data).in_force()


def decode_config(data: bytes, rows: Mapping[str, bytes]) -> ConfigInForce:
    """Read the row `config` with the services' rows.

    Raise UnreadableRecord, and HalfWritten where a service's row is missing or not the one that `config` means.
    """
    row = CONFIGS.decode(data)
    if row.services is None:
        return row.in_force()
    services = tuple(_service(row.repository, name, digest, rows) for name, digest in row.services)
    return row.in_force(RepositoryPolicy(repository=row.repository, commit=row.policy_commit, services=services))


def _service(repository: str, name: str, digest: str, rows: Mapping[str, bytes]) -> ServicePolicy:
    data = rows.get(service_row(name, digest))
    if data is None:
        problem = "is missing"
    else:
        policy = POLICIES.decode(data)
        if policy.digest == digest:
            return policy
        problem = f"has digest {policy.digest}, but config names {digest}"
    kind, schema = f"policy of {name} in {repository}", POLICIES.schema
    raise HalfWritten(kind, found=schema, known=schema, field=service_row(name, digest), problem=problem)
