"""A repository's tips and configuration ↔ stored bytes: the partition `<repository>`.

A compiled configuration may be larger than a row: `config` names each service's policy by its digest, and the
policies lie in rows of their own. Write those first; a reader that comes in between is told by HalfWritten.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.codec.errors import HalfWritten
from shared.codec.fields import Fields
from shared.codec.keys import encode_part
from shared.codec.memo import Memo
from shared.codec.policy import decode_policy, encode_policy
from shared.codec.primitives import Json, decode_person, dump, encode_person, read, time_text, whole
from shared.domain.policy import RepositoryPolicy, ServicePolicy
from shared.domain.repository import ConfigInForce, Pushed, Tip

SCHEMA = 1
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


def encode_tip(tip: Tip) -> bytes:
    """Return a branch's tip as it is stored."""
    values: Json = {"number": whole(tip.number), "sent": tip.sent}
    if tip.commit is not None:
        values["commit"] = tip.commit
    if tip.previous is not None:
        values["previous"] = tip.previous
    if tip.pushed:
        values["pushed"] = [
            {"commit": one.commit, **({"person": encode_person(one.person)} if one.person else {})}
            for one in tip.pushed
        ]
    if tip.known:
        values["known"] = tip.known
    return dump(SCHEMA, values)


def decode_tip(data: bytes) -> Tip:
    """Read a branch's tip; raise UnreadableRecord."""
    return read("tip", SCHEMA, data, _decode_tip)


def _decode_tip(fields: Fields) -> Tip:
    return Tip(
        commit=fields.maybe_text("commit"),
        number=fields.number("number"),
        previous=fields.maybe_text("previous"),
        sent=fields.flag("sent"),
        pushed=fields.many("pushed", _decode_pushed),
        known=fields.texts("known"),
    )


def _decode_pushed(fields: Fields) -> Pushed:
    return Pushed(fields.text("commit"), fields.maybe("person", decode_person))


def encode_config(config: ConfigInForce) -> bytes:
    """Return the row `config`; the policies it names are `encode_services`' rows."""
    values: Json = {"checked_at": time_text(config.checked_at), "number": whole(config.number)}
    if config.commit:
        values["commit"] = config.commit
    if config.faults:
        values["faults"] = config.faults
    if config.faulty_commit:
        values["faulty_commit"] = config.faulty_commit
    if config.policy is not None:
        values["policy"] = {
            "repository": config.policy.repository,
            "commit": config.policy.commit,
            "services": [(one.service.service, one.digest) for one in config.policy.services],
        }
    return dump(SCHEMA, values)


def encode_services(policy: RepositoryPolicy) -> dict[str, bytes]:
    """Return the rows of the services' policies, to be written before `config`."""
    return {service_row(one.service.service, one.digest): encode_policy(one) for one in policy.services}


def config_digests(data: bytes) -> Mapping[str, str]:
    """Return the digest of each service's policy from the row `config` alone; raise UnreadableRecord."""
    _, policy = read("config", SCHEMA, data, _decode_config)
    return dict(policy[2]) if policy else {}


def decode_config_state(data: bytes) -> ConfigInForce:
    """Read the row `config`, or what is shown of it, without any policy; raise UnreadableRecord."""
    return _STATES.read(data)


def _state(data: bytes) -> ConfigInForce:
    return read("config", SCHEMA, data, _decode_config)[0]


_STATES = Memo(_state, 64)
_POLICIES = Memo(decode_policy, 1024)  # each push reads those of its repository


def decode_config(data: bytes, rows: Mapping[str, bytes]) -> ConfigInForce:
    """Read the row `config` with the services' rows.

    Raise UnreadableRecord, and HalfWritten where a service's row is missing or not the one that `config` means.
    """
    config, policy = read("config", SCHEMA, data, _decode_config)
    if policy is None:
        return config
    repository, commit, services = policy
    compiled = RepositoryPolicy(
        repository=repository,
        commit=commit,
        services=tuple(_service(repository, name, digest, rows) for name, digest in services),
    )
    return ConfigInForce(
        commit=config.commit,
        policy=compiled,
        faults=config.faults,
        faulty_commit=config.faulty_commit,
        checked_at=config.checked_at,
        number=config.number,
    )


_Named = tuple[str, str, tuple[tuple[str, str], ...]]


def _decode_config(fields: Fields) -> tuple[ConfigInForce, _Named | None]:
    config = ConfigInForce(
        commit=fields.text("commit", ""),
        faults=fields.texts("faults"),
        faulty_commit=fields.text("faulty_commit", ""),
        checked_at=fields.time("checked_at"),
        number=fields.number("number"),
    )
    return config, fields.maybe("policy", _decode_named)


def _decode_named(fields: Fields) -> _Named:
    return fields.text("repository"), fields.text("commit"), fields.pairs("services")


def _service(repository: str, name: str, digest: str, rows: Mapping[str, bytes]) -> ServicePolicy:
    data = rows.get(service_row(name, digest))
    if data is None:
        problem = "is missing"
    else:
        policy = _POLICIES.read(data)
        if policy.digest == digest:
            return policy
        problem = f"has digest {policy.digest}, but config names {digest}"
    kind = f"policy of {name} in {repository}"
    raise HalfWritten(kind, found=SCHEMA, known=SCHEMA, field=service_row(name, digest), problem=problem)
