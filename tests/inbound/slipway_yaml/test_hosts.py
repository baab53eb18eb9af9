"""A registry that slipway.yaml names is asked from inside our network, so it is no address of this machine or its platform."""

from __future__ import annotations

import pytest

from shared.inbound.slipway_yaml import SlipwayYaml
from shared.inbound.slipway_yaml.hosts import trouble
from shared.ports.policies import BrokenPolicy
from tests.inbound.slipway_yaml.test_compile import FILES, LOCAL

TEXT = "version: 1\nregistry: {}\nenvironments: {{qa: {{deploy: {{helm: {{cluster: qa}}}}}}}}\n"


@pytest.mark.parametrize(
    "host", ["fabrikam.azurecr.io", "registry", "10.0.0.4:5000", "r2.example.com", "8.8.8.8", "1.2.3.4.example"]
)
def test_other_hosts_are_taken(host: str) -> None:
    """By name, or by an address that is somebody else's."""
    assert trouble(host, near=False) == trouble(host, near=True) == ""


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "registry.localhost", "127.8.9.1", "LOCALHOST."])
def test_this_machine_is_taken_where_everything_is_on_it(host: str) -> None:
    """And only there."""
    assert trouble(host, near=True) == ""
    assert "this machine" in trouble(host, near=False)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "169.254.169.254:80", "0.0.0.0", "224.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.4.5",
     "169.254.169.254.", "x.0x7f"],
)  # fmt: skip
@pytest.mark.parametrize("near", [False, True])
def test_attack_no_way_of_writing_an_address_leads_to_the_platform(host: str, near: bool) -> None:
    """Nor an address that others read otherwise."""
    assert trouble(host, near=near) != ""


@pytest.mark.parametrize(
    ("reader", "host", "taken"),
    [
        (SlipwayYaml(), "localhost:5000", False),
        (SlipwayYaml(local_deploy=LOCAL), "localhost:5000", True),
        (SlipwayYaml(default_registry="fabrikam.azurecr.io"), "localhost:5000", True),
        (SlipwayYaml(local_deploy=LOCAL), "169.254.169.254", False),
    ],
)
def test_the_file_is_told_where_it_names_one(reader: SlipwayYaml, host: str, taken: bool) -> None:
    """Not where a setting takes its place, as then nobody asks it."""
    try:
        reader.compile(TEXT.format(host).encode(), repository="monorepo", commit="c1", files=FILES)
        faults = ""
    except BrokenPolicy as broken:
        faults = str(broken)

    assert ("slipway.yaml" not in faults) == taken
    assert taken or "registry" in faults
