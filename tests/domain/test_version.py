"""Versions and release branches."""

from __future__ import annotations

import re

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.values.errors import InvalidVersion
from shared.domain.values.version import LONGEST, VERSION_PATTERN, Version, parse_release_branch

NUMBERS = st.integers(0, 10**12).map(str) | st.sampled_from(["0", "1", "2", "9", "10", "99", "100"])
IDENTIFIERS = NUMBERS | st.from_regex(r"[0-9]{0,2}[a-zA-Z-][a-zA-Z0-9-]{0,3}", fullmatch=True)


@st.composite
def versions(draw: st.DrawFn) -> str:
    core = ".".join(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    return "-".join(
        [core, *([".".join(draw(st.lists(IDENTIFIERS, min_size=1, max_size=4)))] * draw(st.integers(0, 1)))]
    )


@given(versions() | st.text("019.-avA+٣ \n", max_size=12))
def test_the_pattern_that_is_told_fits_what_is_read_and_nothing_else(text: str) -> None:
    """It stands in the API's document, for those who look before they send."""
    try:
        Version.parse(text)
        read = True
    except InvalidVersion:
        read = False

    assert (re.fullmatch(VERSION_PATTERN, text) is not None and len(text) <= LONGEST) == read


@given(versions(), versions())
def test_keys_sort_as_semver_orders(one: str, other: str) -> None:
    """Row keys are compared as text by every store."""
    left, right = Version.parse(one).key(), Version.parse(other).key()

    assert (left > right) - (left < right) == semver.Version.parse(one).compare(other)


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
        ("1.0.0-beta.2", "1.0.0-beta.11"),
        ("1.0.0-rc.1", "1.0.0"),
        ("1.0.0-a", "1.0.0-a-"),
        ("1.0.0-a.b", "1.0.0-a-"),
        ("1.9.0", "1.10.0"),
        ("1.0.0", "1.0.1-0"),
    ],
)
def test_the_order_of_the_specification_holds(smaller: str, greater: str) -> None:
    """The examples of SemVer 2, section 11, and the signs that sort around the separators."""
    assert Version.parse(smaller).key() < Version.parse(greater).key()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "v1.0.0",
        "01.0.0",
        "1.0.0-01",
        "1.0.0-",
        "1.0.0+b1",
        " 1.0.0",
        "1.0.0\n",
        "1.0.0-é",
        "\uff11.0.0",
    ],
)
def test_what_is_not_a_version_is_refused(text: str) -> None:
    """Strict SemVer 2, and no build metadata: a tag cannot hold it."""
    with pytest.raises(InvalidVersion) as refused:
        Version.parse(text)

    assert refused.value.field == "version"
    assert refused.value.text == text


@pytest.mark.parametrize("text", [f"1.0.0-{'a' * 95}", f"{'9' * 99}.0.0", f"{'9' * 5000}.0.0"])
def test_a_version_longer_than_a_key_is_refused(text: str) -> None:
    """A hundred characters are enough for a version, and few enough for a tag."""
    with pytest.raises(InvalidVersion):
        Version.parse(text)


def test_a_version_knows_its_tag_its_line_and_its_text() -> None:
    """Image tag and appVersion carry a v, chart version and chart tag none."""
    version = Version.from_tag("v1.2.3-rc.1")

    assert (version.tag, version.line, str(version)) == ("v1.2.3-rc.1", "1.2", "1.2.3-rc.1")


def test_a_tag_without_its_v_is_refused() -> None:
    """`1.0.0` is a chart's tag."""
    with pytest.raises(InvalidVersion, match="must start with v"):
        Version.from_tag("1.0.0")


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("refs/heads/release/delivery/v1.0.0", ("delivery", "v1.0.0")),
        ("refs/heads/release/delivery", ("delivery", "")),
        ("refs/heads/release/delivery/v1/x", ("delivery", "v1/x")),
        ("refs/heads/main", None),
        ("refs/tags/release/delivery/v1.0.0", None),
        ("release/delivery/v1.0.0", None),
    ],
)
def test_a_release_branch_names_service_and_version(ref: str, found: tuple[str, str] | None) -> None:
    """Unchecked: a wrong name must become a refusal that reaches the commit."""
    assert parse_release_branch(ref) == found
