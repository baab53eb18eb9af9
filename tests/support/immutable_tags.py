"""A registry whose tags cannot be put twice, also not with what they name already."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

WSGIApp = Callable[..., Iterable[bytes]]
_BY_TAG = re.compile(r"/v2/(.+)/manifests/([^:]+)")

# What registries answer: Azure's to a locked tag, Amazon's, Harbor's, Google's.
REFUSALS = ((405, "TAG_LOCKED"), (409, "TAG_LOCKED"), (400, "ImageTagAlreadyExistsException"), (412, "PRECONDITION"), (403, "DENIED"))  # fmt: skip


@dataclass
class ImmutableTags:
    """Middleware that refuses to put a tag that is there, and counts that.

    `raced` has another writer put it first; `locked` refuses every tag.
    """

    status: int
    code: str
    raced: bool = False
    locked: bool = False
    refused: list[str] = field(default_factory=list)

    def around(self, app: WSGIApp) -> WSGIApp:
        """Guard an application."""

        def guarded(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            found = _BY_TAG.fullmatch(environ["PATH_INFO"])
            if environ["REQUEST_METHOD"] != "PUT" or found is None:
                return app(environ, start)
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = BytesIO(body)
            if self.raced:
                b"".join(app({**environ, "wsgi.input": BytesIO(body)}, lambda *_: None))
            if not self.locked and not self._named(app, environ):
                return app(environ, start)
            self.refused.append(f"{found[1]}:{found[2]}")
            return self._refusal(start)

        return guarded

    def _named(self, app: WSGIApp, environ: dict[str, Any]) -> bool:
        statuses: list[str] = []
        asked = {**environ, "REQUEST_METHOD": "HEAD", "wsgi.input": BytesIO(b""), "CONTENT_LENGTH": "0"}
        b"".join(app(asked, lambda status, *_: statuses.append(status)))
        return statuses[0].startswith("200")

    def _refusal(self, start: Any) -> Iterable[bytes]:
        content = json.dumps({"errors": [{"code": self.code, "message": "the tag cannot be put again"}]}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start(f"{self.status} Refused", headers)
        return [content]
