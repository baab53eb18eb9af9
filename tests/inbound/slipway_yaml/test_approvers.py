"""Where approvers stand in the file."""

from __future__ import annotations

import pytest

from shared.inbound.slipway_yaml import SlipwayYaml

YAML = """\
version: 1
environments:
  qa: {}
  staging: {approval: none}
  preview:
  odd: [approval]
  other: {approval: {minimum: 1}}
  production:
    approval:
      approvers:
        - a@example.com
        - 7
        - group:managers
  spare: {approval: {approvers: [a@example.com]}}
"""


def test_a_fault_stands_at_each_place_of_the_name() -> None:
    """By line and key, as every other one."""
    found = SlipwayYaml().at_approvers(YAML.encode(), {"a@example.com": "is nobody", "group:managers": "is two"})

    assert [str(one) for one in found] == [
        "slipway.yaml:11: environments.production.approval.approvers[0]: is nobody",
        "slipway.yaml:13: environments.production.approval.approvers[2]: is two",
        "slipway.yaml:14: environments.spare.approval.approvers[0]: is nobody",
    ]


@pytest.mark.parametrize("yaml", [b"version: 1", b"version: 1\nenvironments: [qa]\n"])
def test_a_file_without_environments_names_nobody(yaml: bytes) -> None:
    """There is nothing to point at."""
    assert SlipwayYaml().at_approvers(yaml, {"a@example.com": "is nobody"}) == ()
