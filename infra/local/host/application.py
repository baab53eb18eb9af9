"""Answers HTTP requests: finds the function, checks who asks, calls it, translates what it returns."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

import azure.functions as func
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from infra.local.host.events import BadEvents, as_argument, read_events, validation_code
from infra.local.host.functions import Functions, Registered
from infra.local.host.identity import ForeignPage, WrongKey, identify
from infra.local.host.log import log_event
from infra.local.host.people import LocalPeople
from infra.local.host.problem import MIMETYPE, problem
from infra.local.host.routes import path_of, rules_for
from infra.local.host.sessions import Sessions, cookie_name
from infra.local.host.sign_in import PATH, SCRIPT, WHO, LocalSignIn

_HOSTS = ("127.0.0.1", "localhost")
_PIECE = 64 * 1024
_EVENT_GRID = "/runtime/webhooks/eventgrid"


class HostApplication:
    """A WSGI application over the http and eventGrid functions."""

    def __init__(self, functions: Functions, *, prefix: str, people: LocalPeople, key: str, max_body: int) -> None:
        rules = [
            Rule(rule, endpoint=one, methods=one.methods)
            for one in functions.http
            for rule in rules_for(str(one.trigger["route"]), prefix)
        ]
        self._routes = Map(rules, strict_slashes=False, merge_slashes=False, redirect_defaults=False).bind("localhost")
        self._events = {one.name.lower(): one for one in functions.events}
        self._people, self._key, self._max_body = people, key, max_body
        self._sessions = Sessions()
        self._sign_in = LocalSignIn(people, self._sessions)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except HTTPException as error:
            response = _problem(error.code or 500, self._detail(error))
            if isinstance(error, MethodNotAllowed):
                response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        except Exception as error:
            log_event("host.failed", error=error, method=request.method)
            response = _problem(500, "the local host failed; its log says why")
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        host = request.headers.get("Host", "")
        if host.rsplit(":", 1)[0].lower() not in _HOSTS:
            # A foreign name that resolves to 127.0.0.1 would make a foreign page one of ours (DNS rebinding).
            return _problem(421, "the local host answers to localhost and 127.0.0.1 only")
        if (request.content_length or 0) > self._max_body:
            raise RequestEntityTooLarge
        target = str(request.environ["REQUEST_URI"])
        path = path_of(target)
        params = _joined(parse_qsl(target.partition("?")[2], keep_blank_values=True))
        if path in (PATH, SCRIPT, WHO):
            return self._sign_in.answer(path, request, self._read(request))
        if path.lower() == _EVENT_GRID:
            return self._deliver(request, params)
        found, route_params = self._routes.match(path, request.method)
        level = str(found.trigger.get("authLevel", "function")).lower()
        if level != "anonymous" and not self._knows(request, params):
            return _problem(401, f"{found.name} needs the host's key in x-functions-key or ?code=")
        return self._call(found, request, f"http://{host}{target}", params, route_params)

    def _call(
        self, one: Registered, request: Request, url: str, params: Mapping[str, str], route: Mapping[str, Any]
    ) -> Response:
        sent = {name.lower(): value for name, value in request.headers.items()}
        cookie = cookie_name(request.environ["SERVER_PORT"])
        try:
            headers = identify(request.method, sent, self._people, self._sessions, cookie).values
        except WrongKey:
            response = _problem(401, "the key or the session is nobody's (any more); open your sign-in link again")
            response.delete_cookie(cookie)
            return response
        except ForeignPage:
            return _problem(403, "a page of another origin may not write here; use a key as bearer token")
        body = self._read(request)
        asked = func.HttpRequest(request.method, url, headers=headers, params=params, route_params=route, body=body)
        try:
            return _response(one.run(asked))
        except Exception as error:
            return _failed(one, error)

    def _deliver(self, request: Request, params: Mapping[str, str]) -> Response:
        one = self._events.get(params.get("functionName", "").lower())
        if not self._knows(request, params):
            return _problem(401, "Event Grid needs the host's key in ?code=")
        if one is None:
            return _problem(404, "functionName names no function with an Event Grid trigger")
        if request.method == "OPTIONS":
            origin = request.headers.get("WebHook-Request-Origin", "*")
            return Response(status=200, headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})
        if request.method != "POST":
            raise MethodNotAllowed(valid_methods=["POST", "OPTIONS"])
        try:
            events = read_events(self._read(request))
            code = validation_code(events)
            if code is not None:
                return _json(200, {"validationResponse": code})
            arguments = [as_argument(event) for event in events]
        except BadEvents as error:
            return _problem(400, str(error))
        try:
            for argument in arguments:
                one.run(argument)
        except Exception as error:
            return _failed(one, error)
        return Response(status=202)

    def _detail(self, error: HTTPException) -> str:
        """Say what to do."""
        if isinstance(error, MethodNotAllowed):
            return f"this address takes {' and '.join(sorted(error.valid_methods or ()))}"
        if isinstance(error, RequestEntityTooLarge):
            return f"the body has more than {self._max_body} bytes; send less"
        if isinstance(error, NotFound):
            return "no function is at this address; GET /api/openapi.json lists them all"
        return str(error.description)

    def _read(self, request: Request) -> bytes:
        # Werkzeug cuts a chunked body off at max_content_length without a word.
        body = bytearray()
        try:
            while chunk := request.environ["wsgi.input"].read(_PIECE):
                body += chunk
                if len(body) > self._max_body:
                    raise RequestEntityTooLarge
        except OSError as error:
            raise BadRequest("the body ended early or is badly framed") from error
        return bytes(body)

    def _knows(self, request: Request, params: Mapping[str, str]) -> bool:
        shown = request.headers.get("x-functions-key") or params.get("code", "")
        return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), self._key.encode())


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _response(returned: object) -> Response:
    if isinstance(returned, str):
        returned = func.HttpResponse(returned)
    if not isinstance(returned, func.HttpResponse):
        raise TypeError(f"an HTTP function returned {type(returned).__name__}, not an HttpResponse")
    response = Response(returned.get_body(), status=returned.status_code, headers=list(returned.headers.items()))
    if "content-type" not in returned.headers:
        response.content_type = (
            f"{returned.mimetype}; charset={returned.charset}"
            if returned.mimetype.startswith("text/")
            else returned.mimetype
        )
    return response


def _failed(one: Registered, error: Exception) -> Response:
    log_event("function.failed", error=error, function=one.name, trigger=one.kind)
    return _problem(500, f"{one.name} failed; the host's log says why")


def _problem(status: int, detail: str) -> Response:
    return _json(status, problem(status, detail), MIMETYPE)


def _json(status: int, content: Mapping[str, object], mimetype: str = "application/json") -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status=status, mimetype=mimetype)
