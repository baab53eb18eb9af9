"""What a deploying child does with Helm, one call each. Each takes and returns plain data.

Nothing begins after `until` (seconds since the epoch): its worker has been given up by then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import helm_python as helm

from shared.adapters.helm_child.composed import composed, first_difference
from shared.adapters.helm_child.frozen import frozen
from shared.adapters.helm_child.hooks import without_tests
from shared.adapters.helm_child.jobs import merged
from shared.adapters.helm_child.schemas import check


class TooLate(Exception):
    """The attempt may write no more."""


class Otherwise(Exception):
    """In the cluster the chart renders something else than what was checked."""


def apply(
    cluster: Mapping[str, str],
    namespace: str,
    name: str,
    chart: str,
    values: Sequence[Sequence[str]],
    settings: Sequence[Sequence[str]],
    checked: str,
    install: bool,
    timeout: int,
    wait: str,
    max_history: int,
    description: str,
    labels: Mapping[str, str],
    until: float,
) -> dict[str, Any]:
    """Install or upgrade; return the new revision and what it rendered. `checked` is what was rendered before."""
    check(chart)
    given = merged(values, settings)
    with _config(cluster, namespace) as config, helm.Chart.load(chart) as loaded:
        rendered = _as_checked(config, loaded, given, name, namespace, checked, install=install)
        shared: dict[str, Any] = {
            "namespace": namespace,
            "timeout": timeout,
            "wait": wait,
            "description": description,
            "labels": dict(labels),
        }
        with frozen(loaded, rendered) as same:
            _still(config, same, given, name, namespace, rendered)
            _begin(until)
            if install:
                made = config.install(same, name, given, **shared)
            else:
                made = config.upgrade(same, name, given, reset_values=True, max_history=max_history, **shared)
    return {"revision": made.get("revision"), "manifest": made.get("manifest", "")}


def go_back(
    cluster: Mapping[str, str], namespace: str, name: str, revision: int, timeout: int, wait: str, until: float
) -> None:
    """Go back to a revision of Helm's history."""
    with _config(cluster, namespace) as config:
        _begin(until)
        config.rollback(name, version=revision, timeout=timeout, wait=wait)


def remove(cluster: Mapping[str, str], namespace: str, name: str, timeout: int, description: str, until: float) -> None:
    """Uninstall. Who says that there is nothing is believed only with this error: a token without rights says so, too."""
    with _config(cluster, namespace) as config:
        _begin(until)
        config.uninstall(name, timeout=timeout, wait="hookOnly", description=description)


DEPLOYMENTS: dict[str, Callable[..., Any]] = {job.__name__: job for job in (apply, go_back, remove)}


@contextmanager
def _config(cluster: Mapping[str, str], namespace: str) -> Iterator[helm.Config]:
    """A token stays in memory; only a certificate and its key have to lie in a file, in this process's own folder."""
    if cluster["kubeconfig"]:
        made = helm.Config(kubeconfig_content=cluster["kubeconfig"], namespace=namespace)
    else:
        authority = Path("authority.pem")
        authority.write_text(cluster["authority"])
        made = helm.Config(
            kubeconfig_path=os.devnull,
            kube_apiserver=cluster["server"],
            kube_token=cluster["token"],
            kube_ca_file=authority.absolute() if cluster["authority"] else None,
            kube_tls_server_name=cluster["server_name"] or None,
            namespace=namespace,
        )
    with made:
        yield made


def _begin(until: float) -> None:
    if time.time() >= until:
        raise TooLate("its time to write is over")


def _as_checked(
    config: helm.Config,
    chart: helm.Chart,
    values: dict[str, Any],
    name: str,
    namespace: str,
    checked: str,
    *,
    install: bool,
) -> dict[str, str]:
    """Charts may look at the cluster, or draw lots: what people approved is what was rendered without one."""
    there = config.render(chart, values, name=name, namespace=namespace, is_install=install, is_upgrade=not install)
    definitions = [(one["name"], one["data"]) for one in chart.crds]
    found = composed(definitions, {file: without_tests(text) for file, text in there.items()})
    if found != checked:
        raise Otherwise(first_difference(found, checked))
    return there


def _still(
    config: helm.Config,
    same: helm.Chart,
    values: dict[str, Any],
    name: str,
    namespace: str,
    rendered: Mapping[str, str],
) -> None:
    """What Helm is given renders what was compared, to the byte."""
    found = config.render(same, values, name=name, namespace=namespace)
    if sorted(found.values()) != sorted(rendered.values()):
        raise Otherwise("the chart")
