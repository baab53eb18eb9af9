"""The page that signs a browser in. The key stands behind the link's `#`, which no browser sends to anybody.

A link alone signs nobody in: the page says who it would be, and a button posts the key, from this very page only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Request, Response

from infra.local.host.identity import ForeignPage, check_origin
from infra.local.host.people import LocalPeople
from infra.local.host.problem import MIMETYPE, problem
from infra.local.host.sessions import Sessions, cookie_name

PATH, SCRIPT, WHO = "/local/sign-in", "/local/sign-in.js", "/local/sign-in/who"
MOST_BYTES = 4096
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # Not no-referrer: a form of such a page has no origin, and could not be told from a foreign one.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in to Slipway</title>
<link rel="stylesheet" href="/static/page.css">
<main>
<h1>Sign in to Slipway</h1>
<form method="post" action="{PATH}">
<p><label>Key <input type="password" name="key" required autocomplete="off"></label></p>
<p><button class="main">Sign in</button></p>
<p role="status"></p>
</form>
<noscript><p>Paste what follows <code>key=</code> in your link.</p></noscript>
</main>
<script src="{SCRIPT}"></script>
</html>
"""
_CODE = f"""\
"use strict";
const form = document.querySelector("form"), said = form.querySelector("[role=status]");
const key = new URLSearchParams(location.hash.slice(1)).get("key");
// Out of the address line, where it could be copied from, and out of the history.
history.replaceState(null, "", location.pathname);
if (key) {{
  form.elements.key.value = key;
  const headers = {{ Authorization: `Bearer ${{key}}` }};
  fetch("{WHO}", {{ headers }}).then(async (answer) => {{
    const found = await answer.json();
    if (answer.ok) form.querySelector("button").textContent = `Sign in as ${{found.name}}`;
    else said.textContent = found.detail;
  }});
}}
"""


class LocalSignIn:
    """Answers what lies below /local/sign-in."""

    def __init__(self, people: LocalPeople, sessions: Sessions) -> None:
        self._people, self._sessions = people, sessions

    def answer(self, path: str, request: Request, body: bytes) -> Response:
        """Show the page, say whose a key is, or sign in; raise MethodNotAllowed."""
        allowed = ["GET", "POST"] if path == PATH else ["GET"]
        if request.method not in allowed:
            raise MethodNotAllowed(valid_methods=allowed)
        if path == SCRIPT:
            return Response(_CODE, mimetype="text/javascript", headers=_HEADERS)
        if path == WHO:
            return self._who(request)
        return (
            self._signed_in(request, body)
            if request.method == "POST"
            else Response(_PAGE, mimetype="text/html", headers=_HEADERS)
        )

    def _who(self, request: Request) -> Response:
        person = self._people.by_key(request.headers.get("Authorization", "").partition(" ")[2])
        if person is None:
            return _refused(401, "this link's key belongs to nobody (any more); make up LINKS=1 makes new links")
        return Response(json.dumps({"name": person.name}), mimetype="application/json", headers=_HEADERS)

    def _signed_in(self, request: Request, body: bytes) -> Response:
        try:
            check_origin({name.lower(): value for name, value in request.headers.items()})
        except ForeignPage:
            return _refused(403, f"a page of another site may sign nobody in; open {PATH} itself")
        key = dict(parse_qsl(body.decode("latin-1"))).get("key", "") if len(body) <= MOST_BYTES else ""
        person = self._people.by_key(key)
        if person is None:
            return _refused(401, "the key belongs to nobody (any more); make up LINKS=1 makes new links")
        response = Response(status=303, headers={**_HEADERS, "Location": "/"})
        name = cookie_name(request.environ["SERVER_PORT"])
        response.set_cookie(name, self._sessions.begin(person), httponly=True, samesite="Strict")
        return response


def _refused(status: int, detail: str) -> Response:
    content: Mapping[str, object] = problem(status, detail)
    return Response(json.dumps(content), status=status, mimetype=MIMETYPE, headers=_HEADERS)
