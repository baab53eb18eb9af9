"""Manifests are read as Helm and Kubernetes read them; what cannot be judged is named with its place, and nothing else is raised."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import UnreadManifests
from shared.ports.errors import Permanent


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("kind: X\nenum: ['!=', =]\n", [{"kind": "X", "enum": ["!=", "="]}]),
        ('{\n\t"kind": "X"\n}\n', [{"kind": "X"}]),
        ("kind:\tX\n", [{"kind": "X"}]),
        ("kind: X\nprefix: 0x_\n", [{"kind": "X", "prefix": "0x_"}]),
        ("n: " + "1" * 5000, [{"false": "1" * 5000}]),
        ("v: [yes, off, 010, 1_0, 0o7, 1e3, 2026-01-01, 1:30]", [{"v": [True, False, 8, 10, 7, 1000, "2026-01-01", "1:30"]}]),
        ("a: &x [1]\nb: *x\nc: {<<: {d: 1}}\n", [{"a": [1], "b": [1], "c": {"d": 1}}]),
        ("1: x\ntrue: z\n", [{"1": "x", "true": "z"}]),
        ("a: !!binary aGk=\n", [{"a": "hi"}]),
        ("\ufeffa: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("# none\n--- # a note\na: 1\n---\n\n---   \nnull\n", [{"a": 1}]),
        ("a: |\n  x\n  ---\n  y\n", [{"a": "x\n---\ny\n"}]),
        ("a: 1\n...\n# the end\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("a: {b: 1, B: 2}\nA: {b: 1}\n", [{"a": {"b": 1, "B": 2}, "A": {"b": 1}}]),
        ("a: &x {p: 1}\nb: {<<: *x, p: 2}\n'<<': 1\n", [{"a": {"p": 1}, "b": {"p": 2}, "<<": 1}]),
        ("# one\u2028a: 1\n---\n# two\x85b: 2\n---\n# three\rc: 3\n", [{"a": 1}, {"b": 2}, {"c": 3}]),
        ("a:\r\n  ? long\r\n  : !!str 1\r\n", [{"a": {"long": "1"}}]),
    ],
)  # fmt: skip
def test_what_helm_takes_is_taken_with_its_meaning(charts: HelmCharts, text: str, objects: list[Any]) -> None:
    """A document ends where theirs ends, and a note ends where theirs does."""
    assert charts.parse(text.encode()) == objects


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("- a\n", 1, "is a list and not an object"),
        ("a: 1\n---\ntext\n", 2, "is a text and not an object"),
        ("3", 1, "is a number and not an object"),
        ("a: 1\n---\nb: 2\nc: d: e\n", 4, "mapping values are not allowed in this context"),
        ("kind: X\nn: " + "[" * 600 + "]" * 600, 1, "is nested deeper than 200 levels"),
        ("x: " + "[" * 20_000, 1, "exceeded max depth of 10000"),
        ("a: .inf", 1, "unsupported value: +Inf"),
        ("a: 1\n--- {kind: Pod}\n", 2, "goes on behind the dashes"),
        ("a: 1\n----\n", 2, "goes on behind the dashes"),
        ("a: 1\nb: \0\nkind: Pod\n", 1, "holds a NUL"),
        ("? [a]\n: b\n", 1, "invalid map key"),
        ("%YAML 1.1\n---\na: 1\n", 1, "did not find expected <document start>"),
        ("a: 1\n---\n\ufeffb: 2\n", 3, "begins a line with a byte order mark"),
        ("a: 1\n--- \n# note\n\ufeffb: 2\n", 4, "begins a line with a byte order mark"),
        ("a: 1\n\ufeffb: 2\n", 2, "begins a line with a byte order mark"),
        ("\ufeff\n\ufeffa: 1\n", 2, "begins a line with a byte order mark"),
    ],
)
def test_what_cannot_be_judged_is_named_with_its_line(charts: HelmCharts, text: str, place: int, problem: str) -> None:
    """A person may answer for it; it is nobody's trouble but the template's."""
    with pytest.raises(UnreadManifests) as unread:
        charts.parse(text.encode())

    assert unread.value.faults[0][0] == f"rendered manifests, line {place}"
    assert problem in unread.value.faults[0][1]
    assert not unread.value.ours


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("kind: A\n...\nkind: Pod\n", 3, "goes on after its end"),
        ("kind: A\n... # more\n%YAML 1.1\n", 4, "goes on after its end"),
        ("kind: A\n...\n{{{{\n", 3, "goes on after its end"),
        ('{"kind": "A"}{"kind": "Pod"}\n', 1, "goes on after its end"),
        ("{kind: A}\nkind: Pod\n", 2, "goes on after its end"),
        ("kind: A\u2028---\u2028kind: Pod\n", 1, "goes on after its end"),
        ("kind: A\x85---\x85kind: Pod\n", 1, "goes on after its end"),
        ("kind: A\r---\rkind: Pod\n", 1, "goes on after its end"),
        ("null\n...\nkind: Pod\n", 3, "goes on after its end"),
        ("kind: A\nspec:\n  containers: []\n  containers: [{image: x}]\n", 4, "holds the key containers twice"),
        ("kind: A\nn: [{\"image\": x, 'image': y}]\n", 2, "holds the key image twice"),
        ("kind: A\n1: a\n'1': b\n", 3, "holds the key 1 twice"),
        ("kind: A\nyes: a\n'true': b\n", 3, "holds the key true twice"),
        ("kind: A\n010: a\n8: b\n", 3, "holds the key 8 twice"),
        ("kind: A\n ---\nkind: Pod\n", 3, "holds the key kind twice"),
        ("kind: A\nx: &a {p: 1}\ny:\n  p: 2\n  <<: *a\n", 5, "merges others (<<) after keys of its own"),
        ("kind: A\nx: &a {p: 1}\ny:\n  <<: *a\n  <<: *a\n", 5, "holds the key << twice"),
        ("kind: A\nx: &a kind\n*a : Pod\n", 3, "has a key that is an alias or bears a tag"),
        ("kind: A\n!!binary a2luZA== : Pod\n", 2, "has a key that is an alias or bears a tag"),
    ],
)
def test_attack_what_not_everybody_reads_alike_is_named_with_its_line(
    charts: HelmCharts, text: str, place: int, problem: str
) -> None:
    """Attack: a pod that the judge does not see and whoever applies does, or the other way round; what Helm sees is judged."""
    with pytest.raises(UnreadManifests) as unread:
        charts.parse(f"---\n# Source: c/templates/a.yaml\n{text}".encode())

    [(where, why)] = unread.value.faults
    assert where == f"c/templates/a.yaml, line {place} as rendered"
    assert problem in why
    assert all("kind" in one for one in unread.value.objects)


def test_attack_of_many_oddities_the_first_are_named(charts: HelmCharts) -> None:
    """Attack: an answer that grows larger than what was rendered."""
    with pytest.raises(UnreadManifests) as unread:
        charts.parse(b"a: 1\n" * 1000)

    assert len(unread.value.faults) == 20


def test_the_others_are_read_beside_it(charts: HelmCharts) -> None:
    """So that everything that is wrong is said at once."""
    text = "---\n# Source: c/templates/a.yaml\nkind: A\n---\n# Source: c/templates/b.yaml\nx: 1\nb: c: d\n---\nkind: C\n--- x\n"

    with pytest.raises(UnreadManifests, match=r"c/templates/b\.yaml, line 2 as rendered") as unread:
        charts.parse(text.encode())

    assert unread.value.objects == ({"kind": "A"}, {"kind": "C"})
    assert len(unread.value.faults) == 3


@pytest.mark.parametrize("between", ["", "\n", "\r\n", "  \n\ufeff", "# Source: c/templates/a.yaml\n"])
def test_attack_a_marked_document_is_judged_by_its_keys(charts: HelmCharts, between: str) -> None:
    """Attack: a byte order mark behind dashes is read with them by nobody, or by all but the judge; it is told of beside."""
    with pytest.raises(UnreadManifests, match="byte order mark") as unread:
        charts.parse(f"kind: A\n---\n{between}\ufeffkind: Pod\n".encode())

    assert unread.value.objects == ({"kind": "A"}, {"kind": "Pod"})


def test_a_byte_order_mark_within_a_text_is_the_texts(charts: HelmCharts) -> None:
    """Files of other systems are put into objects as they are."""
    assert charts.parse("a: |\n  \ufeffx\n".encode()) == [{"a": "\ufeffx\n"}]


def test_bytes_that_are_no_text_are_named_with_their_line(charts: HelmCharts) -> None:
    """Helm would never make them."""
    with pytest.raises(UnreadManifests, match="rendered manifests, line 2: is not UTF-8"):
        charts.parse(b"a: 1\nb: \xff\n")


def test_attack_aliases_do_not_grow(charts: HelmCharts) -> None:
    """Nine lines that stand for gigabytes are refused, in no time and in a few words."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]

    with pytest.raises(UnreadManifests, match="excessive aliasing") as unread:
        charts.parse("\n".join(lines).encode())

    assert len(str(unread.value)) < 300


@pytest.mark.parametrize(
    "text",
    ["---\na: 1\n" * 10_001, "a: [" + "1," * 1_000_001 + "1]"],
    ids=["documents", "values"],
)
def test_attack_more_than_anybody_reads_is_not_read(charts: HelmCharts, text: str) -> None:
    """Documents and values have a bound."""
    with pytest.raises(UnreadManifests, match="which are all that is read"):
        charts.parse(text.encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=60), st.text("ab:-[]{}&*!|>'\"#%@,? \n\t\0\r0123._=<~", max_size=60).map(str.encode))
)
def test_attack_nothing_but_a_named_fault_comes_of_any_bytes(charts: HelmCharts, content: bytes) -> None:
    """No parser's own exception leaves the adapter."""
    try:
        charts.parse(content)
    except Permanent as error:
        assert not error.ours  # noqa: PT017 (what is raised is the rule)
