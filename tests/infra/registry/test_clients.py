"""Other people's clients against the embedded registry: skopeo and Helm. Azure's is in the contract suite."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from shared.adapters.oci_registry import OciRegistry
from shared.ports.registry import HELM_CONFIG
from tests.support import registries
from tests.support.machine import parts
from tests.support.registries import embedded_registry


def skopeo(*arguments: str) -> str:
    program = parts.find("skopeo")
    assert program
    done = subprocess.run([program, "--insecure-policy", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.real("skopeo")
def test_skopeo_takes_an_image_out_and_brings_it_into_another_registry(tmp_path: Path) -> None:
    """All platforms, with the same digest at the end."""
    with embedded_registry() as one, embedded_registry() as other:
        digest = registries.push_index(one, "delivery", "v1.0.0", tmp_path)

        skopeo("copy", "--all", "--src-tls-verify=false", f"docker://{one}/delivery:v1.0.0", f"dir:{tmp_path}/image")
        skopeo("copy", "--all", "--dest-tls-verify=false", f"dir:{tmp_path}/image", f"docker://{other}/delivery:v1.0.0")

        assert OciRegistry().digest_of(other, "delivery", "v1.0.0") == digest
        assert OciRegistry().describe(other, "delivery", digest).users[0] == ("linux/amd64", "10001")


@pytest.mark.real("skopeo")
def test_skopeo_lists_inspects_and_deletes(tmp_path: Path) -> None:
    """What people look at a registry with."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)

        tags = skopeo("list-tags", "--tls-verify=false", f"docker://{host}/delivery")
        found = skopeo("inspect", "--tls-verify=false", f"docker://{host}/delivery:v1.0.0")
        skopeo("delete", "--tls-verify=false", f"docker://{host}/delivery:v1.0.0")

        assert '"v1.0.0"' in tags
        assert str(digest) in found
        assert OciRegistry().digest_of(host, "delivery", "v1.0.0") is None


def test_helm_pushes_resolves_and_pulls_a_chart(tmp_path: Path) -> None:
    """The chart is told from an image by its configuration, and copied like one."""
    from helm_python import RegistryClient, package, pull

    chart = tmp_path / "delivery"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: delivery\nversion: 1.0.0\n")
    (tmp_path / "pulled").mkdir()
    packed = package(chart, destination=tmp_path)
    with embedded_registry() as host:
        with RegistryClient(plain_http=True) as helm:
            helm.push(packed, f"oci://{host}/charts", plain_http=True)
            resolved = helm.resolve(f"oci://{host}/charts/delivery:1.0.0")
            tags = helm.tags(f"oci://{host}/charts/delivery")
        registry = OciRegistry()
        digest = registry.digest_of(host, "charts/delivery", "1.0.0")
        assert digest
        described = registry.describe(host, "charts/delivery", digest)
        registry.copy(host, "charts/delivery", "prod/charts/delivery", digest, "1.0.0")
        with RegistryClient(plain_http=True) as helm:
            pull(
                f"oci://{host}/prod/charts/delivery",
                client=helm,
                version="1.0.0",
                destination=tmp_path / "pulled",
                plain_http=True,
            )

    assert (resolved["digest"], tags) == (str(digest), ["1.0.0"])
    assert (described.is_chart, described.config_media_type) == (True, HELM_CONFIG)
    with tarfile.open(tmp_path / "pulled/delivery-1.0.0.tgz") as pulled:
        assert "delivery/Chart.yaml" in pulled.getnames()
