"""Manifests, tags, referrers, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from infra.local.registry import create_registry

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(create_registry(tmp_path))


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(content: bytes, media_type: str = "application/x") -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def an_image(client: Client, name: bytes = b"config", **extra: Any) -> bytes:
    """Push a configuration and return a manifest of it, indented as no encoder of ours would."""
    client.post(f"/v2/delivery/blobs/uploads/?digest={digest(name)}", data=name)
    document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(name), "layers": [], **extra}
    return json.dumps(document, indent=5).encode()


def put(client: Client, reference: str, content: bytes, media_type: str = MANIFEST) -> TestResponse:
    return client.put(f"/v2/delivery/manifests/{reference}", data=content, content_type=media_type)


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["errors"][0]["code"]


def test_a_manifest_is_sent_byte_for_byte_as_it_came(client: Client) -> None:
    """By tag and by digest, with its type."""
    content = an_image(client)

    answer = put(client, "v1.0.0", content)

    assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (201, digest(content))
    for reference in ("v1.0.0", digest(content)):
        found = client.get(f"/v2/delivery/manifests/{reference}")
        assert (found.data, found.content_type) == (content, MANIFEST)


def test_a_head_tells_digest_type_and_size(client: Client) -> None:
    """Without a body."""
    content = an_image(client)
    put(client, "v1.0.0", content)

    found = client.head("/v2/delivery/manifests/v1.0.0")

    assert (found.data, found.content_length, found.content_type) == (b"", len(content), MANIFEST)
    assert found.headers["Docker-Content-Digest"] == digest(content)


def test_a_tag_names_the_newest_manifest_and_the_older_one_stays(client: Client) -> None:
    """Overwriting is the writer's business."""
    first, second = an_image(client), an_image(client, b"another")
    put(client, "v1.0.0", first)

    put(client, "v1.0.0", second)

    assert client.get("/v2/delivery/manifests/v1.0.0").data == second
    assert client.get(f"/v2/delivery/manifests/{digest(first)}").data == first


def test_a_manifest_under_another_digest_than_its_own_is_refused(client: Client) -> None:
    """The name of content is its content."""
    content = an_image(client)

    assert code(put(client, digest(b"other"), content)) == (400, "DIGEST_INVALID")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (json.dumps({"schemaVersion": 2, "config": descriptor(b"absent"), "layers": []}).encode(), MANIFEST),
        (json.dumps({"schemaVersion": 2, "manifests": [descriptor(b"absent")]}).encode(), INDEX),
    ],
)
def test_a_manifest_before_its_parts_is_refused(client: Client, content: bytes, media_type: str) -> None:
    """Whoever sees a tag can pull all of it."""
    assert code(put(client, "v1.0.0", content, media_type)) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert client.head("/v2/delivery/manifests/v1.0.0").status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"no JSON", b"[]", b'{"config": 7}', b'{"layers": [7]}', b'{"config": []}', b'{"annotations": [1]}'],
)
def test_what_is_no_manifest_is_refused(client: Client, content: bytes) -> None:
    """With the specification's code, never as an error of the registry."""
    assert code(put(client, "v1.0.0", content)) == (400, "MANIFEST_INVALID")


def test_a_manifest_that_says_another_type_than_it_was_sent_as_is_refused(client: Client) -> None:
    """Two readers would otherwise see two things."""
    assert code(put(client, "v1.0.0", an_image(client), INDEX)) == (400, "MANIFEST_INVALID")


def test_a_manifest_of_more_than_four_megabytes_is_refused(client: Client) -> None:
    """Clients would not take it either."""
    assert code(put(client, "v1.0.0", b" " * ((4 << 20) + 1))) == (413, "SIZE_INVALID")


def test_a_deleted_manifest_goes_with_its_tags(client: Client) -> None:
    """Other tags stay."""
    content, other = an_image(client), an_image(client, b"other")
    for tag in ("v1.0.0", "latest"):
        put(client, tag, content)
    put(client, "v2.0.0", other)

    answer = client.delete(f"/v2/delivery/manifests/{digest(content)}")

    assert answer.status_code == 202
    assert client.get("/v2/delivery/tags/list").get_json() == {"name": "delivery", "tags": ["v2.0.0"]}
    assert code(client.get(f"/v2/delivery/manifests/{digest(content)}")) == (404, "MANIFEST_UNKNOWN")


def test_a_deleted_tag_leaves_its_manifest(client: Client) -> None:
    """It is still there by digest."""
    content = an_image(client)
    put(client, "v1.0.0", content)

    assert client.delete("/v2/delivery/manifests/v1.0.0").status_code == 202
    assert client.head("/v2/delivery/manifests/v1.0.0").status_code == 404
    assert client.head(f"/v2/delivery/manifests/{digest(content)}").status_code == 200


def test_tags_are_listed_page_by_page(client: Client) -> None:
    """Each page but the last leads to the next."""
    content, found, place = an_image(client), [], "/v2/delivery/tags/list?n=2"
    for tag in ("c", "a", "e", "b", "d"):
        put(client, tag, content)

    while place:
        page = client.get(place)
        found.append(page.get_json()["tags"])
        place = page.headers.get("Link", "").partition(">")[0].removeprefix("<")

    assert found == [["a", "b"], ["c", "d"], ["e"]]


def test_tags_of_an_unknown_repository_are_not_found(client: Client) -> None:
    """It is not an empty list."""
    assert code(client.get("/v2/nothing/tags/list")) == (404, "NAME_UNKNOWN")


def test_what_refers_to_a_digest_is_listed_by_type(client: Client) -> None:
    """Signatures and SBOMs are found from the image."""
    image = an_image(client)
    put(client, "v1.0.0", image)
    for kind in ("application/sbom", "application/signature"):
        referrer = an_image(client, artifactType=kind, subject=descriptor(image, MANIFEST), annotations={"by": "us"})
        assert put(client, digest(referrer), referrer).headers["OCI-Subject"] == digest(image)

    all_of_them = client.get(f"/v2/delivery/referrers/{digest(image)}").get_json()["manifests"]
    answer = client.get(f"/v2/delivery/referrers/{digest(image)}?artifactType=application/sbom")

    assert {one["artifactType"] for one in all_of_them} == {"application/sbom", "application/signature"}
    assert [one["annotations"] for one in answer.get_json()["manifests"]] == [{"by": "us"}]
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


def test_nothing_refers_to_an_unknown_digest(client: Client) -> None:
    """That is an empty index, which tells a client that the API is there."""
    answer = client.get(f"/v2/delivery/referrers/{digest(b'absent')}")

    assert (answer.status_code, answer.get_json()["manifests"], answer.content_type) == (200, [], INDEX)


def test_a_repository_may_have_the_name_of_a_part_of_the_api(client: Client) -> None:
    """Paths are read from their end."""
    name = "team/blobs/uploads"
    answer = client.post(f"/v2/{name}/blobs/uploads/?digest={digest(b'x')}", data=b"x")

    assert answer.headers["Location"] == f"/v2/{name}/blobs/{digest(b'x')}"
    assert client.get(answer.headers["Location"], buffered=True).data == b"x"
