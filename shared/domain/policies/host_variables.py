"""Which variables of the host's environment a build may be given, if slipway.yaml names them."""

from __future__ import annotations

import re

# What Slipway and its platform are told by: settings, secrets, and where tokens of an identity are got. What the loader
# of programs reads would change our own process around the command.
_KEPT_BACK = re.compile(
    r"(?:SLIPWAY|IDENTITY|MSI|AZURE|APPSETTING|APPLICATIONINSIGHTS|WEBSITE|FUNCTIONS|CONTAINER|OTEL|LD_).*"
    r"|.*(?:CONNECTION_?STRING|CONNSTR).*",
    re.IGNORECASE,
)


def may_pass(name: str) -> bool:
    """Whether a build may see the variable."""
    return _KEPT_BACK.fullmatch(name) is None
