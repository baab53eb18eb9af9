"""What a registry asks for, in every spelling that RFC 9110 has; what it may ask for and we cannot is quoted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.challenges import UnknownChallenge, bearer
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent
from tests.support.registries import answering, embedded_registry

App = Callable[..., Iterable[bytes]]
SCOPE = "repository:delivery:pull,push"
PLAIN = f'Bearer service="r",scope="{SCOPE}"'


@pytest.mark.parametrize(
    "header",
    [
        f'Bearer realm="https://r/token",service="r",scope="{SCOPE}"',
        f'Bearer realm="https://r/token", service="r", scope="{SCOPE}"',
        f'bearer  Realm = "https://r/token" ,\tSERVICE=r ,, Scope="{SCOPE}" ,',
        f'Bearer realm="https://r/token",service="r",scope="{SCOPE}", Basic realm="r, too"',
        f'Basic realm="r", Negotiate, NTLM TlRMTVNTUA==, {PLAIN}',
        f'Bearer realm="of another kind", {PLAIN}, error="invalid_token"',
        f'Bearer realm="a \\"quoted\\", word",service="\\r",scope="{SCOPE}"',
    ],
)
def test_a_bearer_challenge_is_read_in_any_spelling(header: str) -> None:
    """Blanks around commas, names in capitals, words without quotes, several challenges in one header."""
    assert bearer(header) == PLAIN


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer realm=https://r/token,service=r,scope={SCOPE}",
        'Basic realm="r"',
        "Negotiate",
        'Bearer realm="r"',
        f'Bearer service="",scope="{SCOPE}"',
        f'Bearer service="r\\"",scope="{SCOPE}"',
        f'Basic service="r",scope="{SCOPE}"',
        'Bearer service="r",scope="repository',
        'service="r",scope="s"',
        "=",
        "\x00",
        "",
    ],
)
def test_anything_else_is_quoted(header: str) -> None:
    """Whoever runs the registry sees what it asks for."""
    with pytest.raises(UnknownChallenge) as unknown:
        bearer(header)

    assert str(unknown.value) == f"WWW-Authenticate: {header!r}"


@pytest.mark.parametrize("header", ['Bearer a="' + "\\" * 20_000, "Bearer " + "a=b," * 1990 + '"', "a" * 70_000])
def test_attack_a_challenge_without_end_is_quoted_in_part(header: str) -> None:
    """Whatever its length, reading it takes no time to speak of."""
    with pytest.raises(UnknownChallenge) as unknown:
        bearer(header)

    assert len(str(unknown.value)) < 700


@pytest.mark.parametrize(
    "header",
    ["Negotiate", "Bearer realm=https://r/token,service=r", 'Bearer realm="r", service="r"', 'Bearer ,,"', "x y z"],
)
def test_a_login_that_we_do_not_have_ends_in_a_sentence_that_quotes_it(header: str) -> None:
    """It takes another registry or another setting, and not another try."""
    with answering(401, "", WWW_Authenticate=header) as host, pytest.raises(Permanent) as refused:
        OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert f"WWW-Authenticate: {header!r}" in str(refused.value)
    assert "other than a bearer token with a service and a scope" in str(refused.value)
    assert refused.value.ours


def test_a_refusal_where_tokens_are_given_quotes_what_that_asks_for() -> None:
    """Nobody is let in without a name there."""
    with answering(401, "", WWW_Authenticate=PLAIN) as host, pytest.raises(Permanent) as refused:
        OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert f"HTTP 401, and asks for WWW-Authenticate: {PLAIN!r}; give" in str(refused.value)


def test_a_registry_whose_challenge_has_blanks_lets_us_in() -> None:
    """The token is asked for with its service and its scope."""
    asked: list[dict[str, str]] = []

    def guarded(app: App) -> App:
        def answered(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            request = Request(environ)
            if request.path == "/oauth2/token":
                asked.append(request.form.to_dict())
                return Response('{"access_token": "t"}', content_type="application/json")(environ, start)
            if request.headers.get("Authorization") == "Bearer t":
                return app(environ, start)
            challenge = 'Bearer realm="http://r/token", service="r", scope="repository:delivery:pull", Basic realm="r"'
            return Response(status=401, headers={"WWW-Authenticate": challenge})(environ, start)

        return answered

    with embedded_registry(wrap=guarded) as host:
        assert not OciRegistry().has(host, "delivery", Digest("sha256:" + "1" * 64))

    assert [(one["service"], one["scope"]) for one in asked] == [("r", "repository:delivery:pull")]
