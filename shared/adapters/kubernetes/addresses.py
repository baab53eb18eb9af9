"""Where a cluster is: an address of the settings, a context of a kubeconfig file, an AKS cluster that Azure is asked about."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.json_http import JsonHttp
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.yaml_reading import read_mapping
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.known_cluster import is_overheard

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials
_API_VERSION = "2025-10-01"
_BEARER, _KEY = "Bearer ", "BearerToken"


def of_server(name: str, server: str, authority: str, token: Callable[[], str]) -> ClusterConnection:
    """A cluster by its address."""
    return ClusterConnection(name=name, server=server, authority=authority, token=token)


def of_aks(
    name: str, resource: str, *, arm: str, credential: TokenCredential | None, token: Callable[[], str]
) -> ClusterConnection:
    """Ask Azure for address and authority, and never for an administrator's credentials; nor is the user's made use of."""
    if credential is None:
        problem = f"cluster {name}: no identity is held here that Azure could be asked with; set SLIPWAY_IDENTITIES"
        raise Permanent(f"{problem}, or give server and ca", ours=True)
    http = JsonHttp("Azure Resource Manager", credential=lambda: credential, scope=f"{arm}/.default")
    try:
        answer = http.ask("POST", f"{arm}{resource}/listClusterUserCredential?api-version={_API_VERSION}")
    except NotFound as error:
        raise Permanent(f"cluster {name}: there is no {resource}; correct {name}.aks", ours=True) from error
    except Permanent as error:
        problem = f"cluster {name}: its address cannot be asked for: {error}"
        raise Permanent(
            f"{problem}; the identity needs Azure Kubernetes Service Cluster User Role", ours=True
        ) from error
    except Transient as error:
        raise Transient(f"cluster {name}: {error}", retry_after=error.retry_after) from error
    try:
        [first, *_] = answer["kubeconfigs"]
        known = read_mapping(base64.b64decode(first["value"], validate=True))["clusters"]
        [cluster] = [one["cluster"] for one in _mappings(known)]
        server, data = str(cluster["server"]), str(cluster["certificate-authority-data"])
        authority = base64.b64decode(data, validate=True).decode("ascii")
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        problem = f"cluster {name}: Azure Resource Manager answered with no address and authority of it"
        raise Permanent(problem, ours=True) from error
    if is_overheard(server):
        raise Permanent(f"cluster {name}: Azure Resource Manager leads to {server}, which is not https", ours=True)
    return of_server(name, server, authority, token)


def of_context(name: str, file: Path | None, context: str) -> ClusterConnection:
    """Read a context as the official client does: certificates, tokens and plugins."""
    import yaml

    from kubernetes import client
    from kubernetes.config import kube_config
    from kubernetes.config.config_exception import ConfigException

    # Without one named here the machine's own proxy would look like one of the file.
    found: Any = client.Configuration(proxy="")
    path = str(file or kube_config.KUBE_CONFIG_DEFAULT_LOCATION)
    try:
        load: Any = kube_config.load_kube_config  # the client is typed in parts
        load(path, context, found, persist_config=False)
        made = ClusterConnection(
            name=name,
            server=found.host,
            authority=_content(found.ssl_ca_cert),
            certificate=_content(found.cert_file),
            key=_content(found.key_file),
            server_name=found.tls_server_name or "",
            token=_Renewed(found),
        )
    except (ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        problem = f"cluster {name}: the context {context} of {path} cannot be read: {' '.join(str(error).split())}"
        raise Permanent(f"{problem}; correct {name}.context, or SLIPWAY_KUBECONFIG", ours=True) from error
    shown = found.api_key.get(_KEY, "")
    for wrong, what, instead in (
        (is_overheard(found.host), f"leads to {found.host}, which is not https", "correct its server"),
        (not found.verify_ssl, "trusts whoever answers (insecure-skip-tls-verify)", "name its authority"),
        (found.proxy, "goes by a proxy-url", "name an address that is reached without"),
        (shown and not shown.startswith(_BEARER), "brings a password", "give it a token"),
        (not shown and not made.certificate, "brings neither a token nor a certificate", "run its plugin to see why"),
    ):
        if wrong:
            raise Permanent(f"cluster {name}: the context {context} {what}; {instead}", ours=True)
    return made


class _Renewed:
    """A context's token, which its plugin is asked for again when it ends."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            # The hook of the official client renews what has ended, or nearly so.
            shown: str = self._configuration.get_api_key_with_prefix(_KEY) or ""
        return shown.removeprefix(_BEARER)


def _content(path: str | None) -> str:
    return Path(path).read_text(encoding="ascii") if path else ""


def _mappings(found: object) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
