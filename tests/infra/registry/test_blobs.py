"""Blobs: uploads in every way that clients do them, ranges, mounts."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from infra.local.registry import create_registry


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(create_registry(tmp_path))


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def get(client: Client, path: str, **options: Any) -> TestResponse:
    return client.get(path, buffered=True, **options)


def start(client: Client, repository: str = "delivery") -> str:
    return client.post(f"/v2/{repository}/blobs/uploads/").headers["Location"]


def upload(client: Client, content: bytes, repository: str = "delivery") -> None:
    answer = client.post(f"/v2/{repository}/blobs/uploads/?digest={digest(content)}", data=content)
    assert answer.status_code == 201


def test_the_version_check_says_that_this_is_a_registry(client: Client) -> None:
    """Clients ask before anything else."""
    answer = client.get("/v2/")

    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_blob_pushed_in_one_request_is_there(client: Client) -> None:
    """The answer names its place."""
    answer = client.post(f"/v2/delivery/blobs/uploads/?digest={digest(b'whole')}", data=b"whole")

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v2/delivery/blobs/{digest(b'whole')}"
    assert get(client, answer.headers["Location"]).data == b"whole"


def test_a_blob_pushed_in_pieces_is_there(client: Client) -> None:
    """The last piece may come with the request that ends the upload."""
    place = start(client)
    first = client.patch(place, data=b"one ", headers={"Content-Range": "0-3"})
    second = client.patch(first.headers["Location"], data=b"two ")

    end = client.put(f"{second.headers['Location']}?digest={digest(b'one two three')}", data=b"three")

    assert second.headers["Range"] == "0-7"
    assert end.status_code == 201
    assert get(client, f"/v2/delivery/blobs/{digest(b'one two three')}").data == b"one two three"


def test_a_piece_out_of_order_is_refused_and_the_upload_goes_on(client: Client) -> None:
    """The client asks how far it came and sends from there."""
    place = start(client)
    client.patch(place, data=b"0123")

    answer = client.patch(place, data=b"89", headers={"Content-Range": "8-9"})

    assert answer.status_code == 416
    assert get(client, place).status_code == 204
    assert get(client, place).headers["Range"] == "0-3"


def test_content_that_does_not_have_its_digest_is_refused_and_forgotten(client: Client) -> None:
    """Neither digest leads anywhere afterwards."""
    answer = client.put(f"{start(client)}?digest={digest(b'right')}", data=b"wrong")

    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert client.head(f"/v2/delivery/blobs/{digest(b'right')}").status_code == 404
    assert client.head(f"/v2/delivery/blobs/{digest(b'wrong')}").status_code == 404


def test_an_upload_belongs_to_its_repository(client: Client) -> None:
    """Its id is unknown in another one."""
    place = start(client, "delivery")

    answer = client.patch(place.replace("delivery", "package"), data=b"x")

    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_cancelled_upload_is_unknown(client: Client) -> None:
    """It can't be finished any more."""
    place = start(client)

    assert client.delete(place).status_code == 204
    assert client.put(f"{place}?digest={digest(b'')}").status_code == 404


def test_a_blob_is_not_seen_from_other_repositories(client: Client) -> None:
    """Knowing a digest is no right to it."""
    upload(client, b"mine", "delivery")

    assert client.head(f"/v2/package/blobs/{digest(b'mine')}").status_code == 404


def test_a_mounted_blob_is_there_without_an_upload(client: Client) -> None:
    """Another repository's blob is shared."""
    upload(client, b"mine", "delivery")

    answer = client.post(f"/v2/prod/delivery/blobs/uploads/?mount={digest(b'mine')}&from=delivery")

    assert answer.status_code == 201
    assert get(client, f"/v2/prod/delivery/blobs/{digest(b'mine')}").data == b"mine"


@pytest.mark.parametrize("query", ["&from=package", ""])
def test_a_mount_of_what_the_source_lacks_becomes_an_upload(client: Client, query: str) -> None:
    """The client goes on as if it had not asked."""
    upload(client, b"mine", "delivery")

    answer = client.post(f"/v2/prod/delivery/blobs/uploads/?mount={digest(b'mine')}{query}")

    assert answer.status_code == 202
    assert client.put(f"{answer.headers['Location']}?digest={digest(b'mine')}", data=b"mine").status_code == 201


@pytest.mark.parametrize(
    ("asked", "sent", "said"),
    [("bytes=0-3", b"0123", "bytes 0-3/10"), ("bytes=8-", b"89", "bytes 8-9/10"), ("bytes=-3", b"789", "bytes 7-9/10")],
)
def test_a_range_of_a_blob_is_sent(client: Client, asked: str, sent: bytes, said: str) -> None:
    """Azure's client downloads no other way."""
    upload(client, b"0123456789")

    answer = get(client, f"/v2/delivery/blobs/{digest(b'0123456789')}", headers={"Range": asked})

    assert (answer.status_code, answer.data, answer.headers["Content-Range"]) == (206, sent, said)


def test_a_range_beyond_the_end_is_refused(client: Client) -> None:
    """The refusal has the registry's form."""
    upload(client, b"0123456789")

    answer = get(client, f"/v2/delivery/blobs/{digest(b'0123456789')}", headers={"Range": "bytes=20-30"})

    assert answer.status_code == 416
    assert answer.get_json()["errors"]


def test_a_large_blob_is_never_whole_in_memory(tmp_path: Path) -> None:
    """It goes to the disk and comes from it in pieces."""
    client, content, size = Client(create_registry(tmp_path)), tmp_path / "content", 64 << 20
    with content.open("wb") as file:
        file.truncate(size)
    with content.open("rb") as file:
        wanted = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        file.seek(0)
        place, length = f"{start(client)}?digest={wanted}", {"Content-Length": str(size)}
        tracemalloc.start()
        pushed = client.put(place, input_stream=file, headers=length)
    with client.get(f"/v2/delivery/blobs/{wanted}") as answer:
        received = sum(len(piece) for piece in answer.iter_encoded())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (pushed.status_code, received) == (201, size)
    assert peak < 8 << 20
