"""Who fetches dependencies: a child for each chart, which reaches nothing but the gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_charts.gateway import Gateway
from shared.adapters.helm_charts.hosts import Hosts
from shared.ports.chart_limits import ChartLimits
from shared.ports.errors import AdapterError, Permanent

_KEPT_BACK = re.compile(r"dial \w+ (\S+): connect: permission denied")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """`outgoing` are the machine's own variables of proxies and certificates."""

    limits: ChartLimits
    hosts: Hosts
    outgoing: Mapping[str, str] = field(default_factory=dict, repr=False)

    @contextmanager
    def fetcher(self, chart: str) -> Iterator[Children]:
        """Give somebody who may be asked to fetch; what is refused on the way is raised as Permanent."""
        with Gateway(chart, self.hosts, self.outgoing).serving() as gateway:
            # Go asks no proxy for localhost: `only` keeps that back.
            proxy = f"http://127.0.0.1:{gateway.port}"
            known = {name: self.outgoing[name] for name in _CERTIFICATES if name in self.outgoing}
            environment = {**known, "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": ""}
            only = {"port": gateway.port, "near": self.hosts.near}
            children = Children(self.limits, environment, only)
            try:
                yield children
            except AdapterError as error:
                kept = _KEPT_BACK.search(str(error))
                if kept is not None:
                    raise Permanent(
                        f"chart {chart}: its dependencies lead to {kept[1]}, an address of this machine or of its platform"
                    ) from error
                if gateway.trouble is not None:
                    raise gateway.trouble from error
                raise
            finally:
                children.close()
            if gateway.refused is not None:
                raise gateway.refused
