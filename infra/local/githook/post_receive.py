"""Reports what a push changed. Git runs a copy of this file beside the repository, so it needs Python's library and nothing else.

Told what it needs by the JSON file that its first argument names: url, secret and repository; `trust_identity` is true only
where who pushes need not be authenticated. It never fails a push.
"""

from __future__ import annotations

import http.client
import json
import os
import pwd
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_SECONDS = 3
# What git over http, GitLab and gitolite set for a hook. A committer's name is anybody's to choose, and over ssh with one
# user it is the same for everybody.
_AUTHENTICATED = ("REMOTE_USER", "GL_USER")
# What the door takes, and well below what a body may have (SLIPWAY_MAX_BODY).
_MOST_REFS, _MOST_REF, _MOST_BYTES = 1000, 500, 500_000


def main() -> None:
    """Read git's list of changed refs and send it; say on stderr why that was not possible."""
    url = "its host"
    try:
        settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        url = settings["url"]
        by = pusher(trusting=settings.get("trust_identity") is True)
        for refs in requests(changes(sys.stdin.buffer.read())):
            body = {"id": str(uuid.uuid4()), "repository": settings["repository"], "refs": refs, "pusher": by}
            send(url, settings["secret"], json.dumps(body).encode())
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        print(f"slipway: the push is stored, but {url} was not told: {error}", file=sys.stderr)
        print("slipway: nothing to do, it compares branches when it starts and each minute", file=sys.stderr)


def changes(said: bytes) -> list[dict[str, str]]:
    """Read git's lines, which end at a line feed alone; say on stderr which refs no request can carry."""
    found = []
    for line in filter(None, said.split(b"\n")):
        before, after, name = line.split(b" ", 2)
        ref = name.decode("utf-8", "replace")
        if ref.encode() != name or len(ref) > _MOST_REF:
            print(
                f"slipway: {ref} is left out: its name is no UTF-8, or longer than {_MOST_REF} signs", file=sys.stderr
            )
            continue
        found.append({"ref": ref, "before": before.decode(), "after": after.decode()})
    return found


def requests(refs: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """Share refs out to as many requests as they need."""
    part: list[dict[str, str]] = []
    size = 0
    for one in refs:
        bytes_ = len(json.dumps(one))
        if part and (len(part) == _MOST_REFS or size + bytes_ > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(one)
        size += bytes_
    if part:
        yield part


def send(url: str, secret: str, body: bytes) -> None:
    """Post the body; raise OSError, HTTPException, or ValueError for an answer that is no success."""
    # http.client follows neither proxies nor redirects, either of which would carry the secret elsewhere.
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        headers = {"Content-Type": "application/json", "X-Slipway-Secret": secret}
        connection.request("POST", f"{parts.path.rstrip('/')}/api/hooks/git", body, headers)
        answer = connection.getresponse()
        if not 200 <= answer.status < 300:
            raise ValueError(f"it answered {answer.status} {answer.reason}")
    finally:
        connection.close()


def pusher(*, trusting: bool) -> dict[str, str]:
    """Who pushes, as the server that authenticated them says; nobody where none did.

    `trusting` is for one machine, where whoever pushes is taken at their word.
    """
    if trusting:
        return _by_their_word()
    name = next(filter(None, (os.environ.get(variable, "").strip() for variable in _AUTHENTICATED)), "")
    return {"name": name, "mail": name if "@" in name else ""} if name else {}


def _by_their_word() -> dict[str, str]:
    """The committer that git would write for this process, or the user of the machine."""
    user = {"name": pwd.getpwuid(os.getuid()).pw_name, "mail": ""}
    command = ["git", "var", "GIT_COMMITTER_IDENT"]
    try:
        found = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return user
    # "Ann Author <ann@example.com> 1772452800 +0000"
    name, opened, rest = found.stdout.decode("utf-8", "replace").partition(" <")
    return {"name": name, "mail": rest.partition(">")[0]} if opened else user


if __name__ == "__main__":
    main()
