"""Where approvers stand in the file, for what turns out about them after it was compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shared.inbound.slipway_yaml.document import Data, read
from shared.inbound.slipway_yaml.faults import Place
from shared.ports.policies import Fault


def at_approvers(content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
    """Return a fault for each place that names one of these approvers."""
    document = read(content)
    for place, name in _approvers(document.data):
        if isinstance(name, str) and name in problems:
            document.faults.add(place, problems[name])
    return document.faults.broken().faults


def _approvers(data: Mapping[str, Data]) -> Iterator[tuple[Place, Data]]:
    environments = data.get("environments")
    for environment, some in environments.items() if isinstance(environments, dict) else ():
        approval = some.get("approval") if isinstance(some, dict) else None
        approvers = approval.get("approvers") if isinstance(approval, dict) else None
        for number, name in enumerate(approvers if isinstance(approvers, list) else ()):
            yield ("environments", environment, "approval", "approvers", number), name
