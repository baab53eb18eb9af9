"""Names, digests, people, artifacts."""

from __future__ import annotations

import copy
import pickle

import pytest

from shared.domain.values.artifact import Artifact, in_namespace
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import Digest, ServiceKey, checked_name, valid_name
from shared.domain.values.person import Person
from shared.domain.values.version import Version
from tests.support.parts import image_and_chart


@pytest.mark.parametrize("text", ["a", "0", "a-b", "delivery-2", "a" * 40])
def test_a_name_is_lower_case_letters_digits_and_inner_hyphens(text: str) -> None:
    """Fits a DNS label, a row key and a queue's name."""
    assert checked_name("service", text) == text


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "a~b", "a\n", "é", "a" * 41])
def test_another_name_is_refused_with_its_field(text: str) -> None:
    """The field tells the caller which of several names was wrong."""
    with pytest.raises(InvalidValue) as refused:
        checked_name("environment", text)

    assert refused.value.field == "environment"
    assert not valid_name(text)


def test_a_service_key_names_repository_and_service() -> None:
    """It is the partition's key."""
    assert str(ServiceKey("Mono.repo_1", "delivery")) == "Mono.repo_1~delivery"


@pytest.mark.parametrize(
    ("repository", "service", "field"),
    [
        ("", "delivery", "repository"),
        ("a~b", "delivery", "repository"),
        ("a\n", "b", "repository"),
        ("a", "B", "service"),
    ],
)
def test_a_service_key_that_could_be_read_two_ways_is_refused(repository: str, service: str, field: str) -> None:
    """A tilde parts the two names and is in neither."""
    with pytest.raises(InvalidValue) as refused:
        ServiceKey(repository, service)

    assert refused.value.field == field


def test_a_digest_is_sha256_and_has_a_short_form() -> None:
    """Twelve digits are enough for people."""
    digest = Digest(f"sha256:{'0123456789abcdef' * 4}")

    assert (str(digest), digest.short) == (digest.text, "0123456789ab")


@pytest.mark.parametrize("text", ["", "sha256:", f"sha256:{'A' * 64}", f"sha512:{'a' * 64}", f"sha256:{'a' * 64}\n"])
def test_what_is_not_a_digest_is_refused(text: str) -> None:
    """Only sha256, in lower case, as registries answer it."""
    with pytest.raises(InvalidValue):
        Digest(text)


def test_mails_are_compared_without_case() -> None:
    """Git keeps them as somebody once typed them."""
    assert Person(id="1", name="A", mails=("A@X.org", "a@x.org")).folded_mails() == {"a@x.org"}


def test_an_artifact_is_named_by_its_content_alone() -> None:
    """The same bytes built from another commit are the same artifact."""
    one = Artifact(
        registry="localhost:5000",
        parts=image_and_chart(Digest(f"sha256:{'1' * 64}"), Digest(f"sha256:{'2' * 64}")),
        commit="c1",
        version=Version.parse("1.0.0"),
    )

    assert one.id == f"sha256:{'1' * 64}+sha256:{'2' * 64}"


def test_an_environment_with_a_namespace_reads_below_it() -> None:
    """Production reads `prod/…` and nothing else."""
    assert in_namespace("delivery", "prod") == "prod/delivery"
    assert in_namespace("delivery", None) == "delivery"


@pytest.mark.parametrize("one", [Digest(f"sha256:{'1' * 64}"), Version.parse("1.0.0"), ServiceKey("shop", "cart")])
def test_a_copy_of_a_value_is_that_value(one: object) -> None:
    """Also across processes, as pickle makes it."""
    assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == one
