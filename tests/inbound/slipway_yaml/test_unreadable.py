"""Files that are not a small, plain YAML document are refused before anything is made of them."""

from __future__ import annotations

import pytest

from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy


def faults(content: bytes) -> list[str]:
    with pytest.raises(BrokenPolicy) as broken:
        SlipwayYaml().compile(content, repository="monorepo", commit="c1", files=())
    return [str(fault) for fault in broken.value.faults]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "slipway.yaml:1: must hold keys and values; the first is version: 1"),
        (b"# nothing\n", "slipway.yaml:1: must hold keys and values; the first is version: 1"),
        (b"- version", "slipway.yaml:1: must hold keys and values; the first is version: 1"),
        (b"version: 1\n\xff", "slipway.yaml:2: is not UTF-8 text"),
        (b"a: 1\nb: [", "slipway.yaml:2: is not YAML: expected the node content, but found '<stream end>'"),
        (b"a: 1\n---\nb: 2\n", "slipway.yaml:2: is not YAML: but found another document"),
        (b"a: &x 1\nb: *x\n", "slipway.yaml:2: *x is an alias; write the value out"),
        (b"a:\n  " + b"[" * 200, "slipway.yaml:2: is nested deeper than 20 levels"),
        (b"a" * (256 * 1024 + 1), "slipway.yaml: is larger than 256 KiB"),
    ],
)
def test_an_unreadable_file_is_one_fault_at_its_line(content: bytes, fault: str) -> None:
    """The author sees where reading ended, and why."""
    assert faults(content) == [fault]


def test_control_characters_are_refused() -> None:
    """They are not part of YAML and hide things in editors."""
    (fault,) = faults(b"version: 1\nregistry: a\x00b\n")

    assert fault.startswith("slipway.yaml: is not YAML: unacceptable character #x0000")


def test_a_billion_laughs_is_refused_before_it_is_expanded() -> None:
    """Aliases within aliases would stand for gigabytes."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))

    assert faults(f"l0: &l0 [x]\n{levels}\n".encode()) == ["slipway.yaml:2: *l0 is an alias; write the value out"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"version: !!python/object/apply:os.system [x]", "version: has the tag tag:yaml.org,2002:python/object/apply:os.system; tags are not read here"),
        (b"!secret {version: 1}", "has the tag !secret; tags are not read here"),
        (b"version: !secret x", "version: has the tag !secret; tags are not read here"),
        (b"version: !!binary eA==", "version: has the tag tag:yaml.org,2002:binary; tags are not read here"),
        (b'registry: "a\\0b"\n"\\ud800": 1\n', "registry: holds a character that cannot be shown: a\ufffdb"),
        (b'x: 1\n"\\ud800": 1\n', "holds a character that cannot be shown: \ufffd"),
        (b"? [a, b]\n: 1\n", "?: must be a word; lists and mappings cannot be keys"),
        (b"version: 1\nversion: 1\n", "version: is given twice, first in line 1"),
        (b"services:\n  a: {path: x,\n    path: y}", "services.a.path: is given twice, first in line 2"),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_a_fault_beside_the_others(content: bytes, fault: str) -> None:
    """Reading goes on, so that all faults show at once."""
    found = faults(content)

    assert [each for each in found if each.partition(": ")[2] == fault]
    assert any("environments.qa.deploy: is missing" in each for each in found)


def test_a_byte_order_mark_is_no_fault() -> None:
    """Windows editors write one."""
    assert not any("version" in fault for fault in faults("\ufeffversion: 1\n".encode()))


@pytest.mark.parametrize("text", ["1.0", "'1'", "0x1", "1_0", "true", "2", "one"])
def test_only_version_1_is_read(text: str) -> None:
    """A later shape must not be guessed at, and YAML's odd numbers are the text that was written."""
    assert any(fault.startswith("slipway.yaml:1: version: ") for fault in faults(f"version: {text}".encode()))


def test_a_hostile_file_makes_a_bounded_text_of_faults() -> None:
    """Faults are stored and shown; neither their number nor a long key makes them grow without end."""
    keys = "".join(f"k{number}: 1\n" for number in range(200))

    found = faults(f"{'x' * 900}: 1\n{keys}".encode())

    assert len(found) == 51
    assert (
        found[-1] == "slipway.yaml: has 156 more faults"
    )  # with the version, the registry, the services and two targets
    assert max(map(len, found)) < 1100


def test_circles_of_environments_are_counted_only_so_far() -> None:
    """Where everything comes after everything, the first circles say enough."""
    everyone = ", ".join(f"e{number}" for number in range(20))
    text = "environments:\n" + "".join(f"  e{number}: {{after: [{everyone}]}}\n" for number in range(20))

    assert sum("goes in a circle" in fault for fault in faults(text.encode())) == 10
