"""The people of a local host and the file they are kept in."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from infra.local.host import HostRefused, LocalPeople, new_person, with_new_key

ANN = new_person("Ann", mails=["ann@example.com"], groups=["g"], roles=["Slipway.Admin"])
BEN = new_person("Ben", mails=["ben@example.com"])


def test_people_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    """Who shows the key is still found, though the file does not hold it."""
    LocalPeople([ANN, BEN]).save(tmp_path / "people.json")

    found = LocalPeople.load(tmp_path / "people.json")
    assert list(found) == [ANN, BEN]
    assert found.by_key(BEN.key) == BEN


def test_attack_keys_are_read_from_the_file(tmp_path: Path) -> None:
    """It holds their hashes, which open nothing."""
    file = tmp_path / "people.json"
    LocalPeople([ANN, BEN]).save(file)
    found = LocalPeople.load(file)

    assert not any(key in file.read_text() for key in (ANN.key, BEN.key))
    assert [person.key for person in found] == ["", ""]
    assert [found.by_key(person.key_sha256) for person in found] == [None, None]


def test_a_new_key_takes_the_place_of_the_one_before() -> None:
    """The person stays who they are."""
    renewed = with_new_key(ANN)
    people = LocalPeople([renewed, BEN])

    assert people.by_key(ANN.key) is None
    assert people.by_key(renewed.key) == renewed
    assert (renewed.id, renewed.mails) == (ANN.id, ANN.mails)


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    """From its first moment on, and nothing else is left in the folder."""
    file = tmp_path / "people.json"
    LocalPeople([ANN]).save(file)
    LocalPeople([ANN, BEN]).save(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Others may have changed it, or seen who may what."""
    file = tmp_path / "people.json"
    LocalPeople([ANN]).save(file)
    file.chmod(0o640)

    with pytest.raises(HostRefused, match="chmod 600"):
        LocalPeople.load(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"people": [{"id": "1"}]}',
    '{"people": [{"id": "1", "name": "A", "key_sha256": "k", "mails": "a@example.com"}]}'])  # fmt: skip
def test_a_file_in_another_form_is_refused(tmp_path: Path, content: str) -> None:
    """It is named."""
    file = tmp_path / "people.json"
    file.write_text(content)
    file.chmod(0o600)

    with pytest.raises(HostRefused, match=r"people\.json"):
        LocalPeople.load(file)


def test_a_key_finds_its_person_and_no_other() -> None:
    """A wrong, an empty and a strange key find nobody."""
    people = LocalPeople([ANN, BEN])

    assert people.by_key(BEN.key) == BEN
    assert [people.by_key(key) for key in ("", "wrong", "schlüssel", BEN.key[:-1])] == [None] * 4


def test_two_people_with_one_key_are_refused() -> None:
    """It would prove nothing."""
    twin = new_person("Twin", mails=[])
    same = type(twin)(id="2", name="Other", mails=(), key=twin.key)

    with pytest.raises(HostRefused, match="same key"):
        LocalPeople([twin, same])


def test_a_key_is_not_shown_where_a_person_is_printed() -> None:
    """A log line with a person in it gives nothing away."""
    assert ANN.key not in repr(ANN)
