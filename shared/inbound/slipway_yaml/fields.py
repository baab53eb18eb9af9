"""Types of single values, each refusing in plain words what it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf

from shared.domain.charts.rights import may_be_given
from shared.domain.policies.host_variables import may_pass
from shared.domain.policies.setting import Setting, path_of
from shared.domain.values.errors import InvalidValue
from shared.domain.values.mails import is_exact, is_plain_mail
from shared.domain.values.names import valid_name
from shared.domain.values.placeholders import PLACEHOLDERS, placeholders
from shared.inbound.slipway_yaml.settings import setting_of

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=366)
# A function waits for Helm, and has to end in time: see functionTimeout in host.json.
LONGEST_HELM = timedelta(minutes=20)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+/[A-Z][A-Za-z0-9]{0,62}")
_HOST = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.]{0,252}[A-Za-z0-9])?(:[0-9]{1,5})?")
_OCI_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_OCI = re.compile(rf"{_OCI_PART}(?:/{_OCI_PART})*")
ROOT = "."
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LONGEST_REPOSITORY = 255


def valid_repository(text: str) -> bool:
    """Whether a registry may have a repository of this name."""
    return len(text) <= _LONGEST_REPOSITORY and _OCI.fullmatch(text) is not None


def template(*known: str) -> AfterValidator:
    """Make a check that a template names no placeholders but these."""

    def check(text: str) -> str:
        _refuse_unknown(lambda: placeholders(text), known)
        return text

    return AfterValidator(check)


def _setting_key(key: str) -> str:
    try:
        path_of(key)
    except InvalidValue as error:
        raise ValueError(error.problem) from error
    return key


def _known_placeholders(setting: Setting) -> Setting:
    _refuse_unknown(setting.placeholders, PLACEHOLDERS)
    return setting


def _refuse_unknown(named: Callable[[], Sequence[str]], known: Sequence[str]) -> None:
    try:
        found = named()
    except InvalidValue as error:
        raise ValueError(error.problem) from error
    for name in found:
        if name not in known:
            there_are = ", ".join(f"{{{each}}}" for each in known)
            raise ValueError(f"{{{name}}} is not a placeholder here; there are: {there_are}")


def _matching(pattern: re.Pattern[str], problem: str) -> AfterValidator:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"{text!r} {problem}")
        return text

    return AfterValidator(check)


def _duration(value: Any) -> timedelta:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a duration such as 7d, 24h, 30m or 90s")
    # Compared before it is multiplied: nine digits of days are more than a timedelta holds.
    amount, unit = int(match[1]), timedelta(**{_UNITS[match[2]]: 1})
    if amount > _LONGEST // unit:
        raise ValueError(f"{value} is longer than 366 days")
    return amount * unit


def _more_than_nothing(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than nothing")
    return value


def _within_a_function(value: timedelta) -> timedelta:
    if value > LONGEST_HELM:
        longest = LONGEST_HELM // timedelta(minutes=1)
        raise ValueError(f"must be at most {longest}m; have what takes longer done by a Job that no hook waits for")
    return value


def _cluster(text: str) -> str:
    if not valid_name(text):
        raise ValueError(
            f"{text!r} is not a cluster's name in SLIPWAY_CLUSTERS: lower-case letters, digits and hyphens"
        )
    return text


def _kind(text: str) -> str:
    if _KIND.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a group and a kind, such as monitoring.coreos.com/ServiceMonitor")
    if not may_be_given(text.partition("/")[0]):
        raise ValueError(f"{text} is not for a deployer: an administrator applies it")
    return text


def _first_version(value: int) -> int:
    if value != 1:
        raise ValueError(f"{value} is not read by this Slipway; write version: 1")
    return value


def _folder(text: str) -> str:
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or ".." in parts or "\\" in text or not parts:
        raise ValueError(f"{text!r} must be a path below the root of the repository")
    return "/".join(parts)


def _context(text: str) -> str:
    # The whole repository is what many images are built from, and no folder below its root.
    return ROOT if text in (ROOT, "./") else _without_braces(_folder(text))


def _variable(text: str) -> str:
    if _ARGUMENT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not the name of an environment variable")
    if not may_pass(text):
        raise ValueError(f"{text} may be a setting or a secret of Slipway or of its host, and never reaches a build")
    return text


def _without_braces(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"{text!r} takes no placeholders; write the folder")
    return text


def _approver(text: str) -> str:
    name = text.removeprefix("group:")
    if not name or name != name.strip() or not name.isprintable():
        raise ValueError(f"{text!r} is not a mail address, an id or group:<name>")
    if "@" in text and name == text and not is_exact(text):
        raise ValueError(f"{text!r} holds letters that could be read as others ({text.casefold()!r}); write plain ones")
    if "@" in text and name == text and not is_plain_mail(text):
        raise ValueError(f"{text!r} is no mail address and no id; write ada@example.com, an object id or group:<name>")
    return text


def _word(value: Any) -> Any:
    # Numbers and truth values in `args` reach the build as the text they are in YAML.
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _address(text: str) -> str:
    scheme, found, rest = text.partition("://")
    user = rest.partition("/")[0].rpartition("@")[0]
    # All who read the repository would read it, and see it in the list of processes. A user of ssh is no secret.
    if found and ("@" in rest if scheme.lower() in ("http", "https") else ":" in user):
        raise ValueError("must hold neither a user nor a password; give them by SLIPWAY_GITOPS_CREDENTIALS")
    if not text.isprintable():
        raise ValueError(f"{text!r} is not an address")
    return text


def _refuse_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def or_none(word: str) -> BeforeValidator:
    """Let the word stand for nothing."""
    return BeforeValidator(lambda value: None if value == word else value)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Span = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_more_than_nothing)]
ExtraKind = Annotated[str, AfterValidator(_kind)]
HelmTimeout = Annotated[Span, AfterValidator(_within_a_function)]
ClusterName = Annotated[str, AfterValidator(_cluster)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(_refuse_empty)]
Address = Annotated[Text, AfterValidator(_address)]
Word = Annotated[str, Field(max_length=4000), BeforeValidator(_word)]
_Path = Annotated[str, Field(max_length=400), AfterValidator(_folder)]
Folder = Annotated[_Path, AfterValidator(_without_braces)]
Context = Annotated[str, Field(max_length=400), AfterValidator(_context)]
Variable = Annotated[str, AfterValidator(_variable)]
Namespace = Annotated[
    str, _matching(_LABEL, "is not a namespace: lower-case letters, digits and inner hyphens, 63 at most")
]
Registry = Annotated[str, _matching(_HOST, "is not a registry's host, such as fabrikam.azurecr.io or localhost:5000")]
RegistryNamespace = Annotated[str, _matching(_OCI, "cannot begin a repository's name in a registry")]
Argument = Annotated[str, _matching(_ARGUMENT, "is not the name of a build argument")]
Approver = Annotated[str, Field(max_length=200), AfterValidator(_approver)]
SettingKey = Annotated[Text, AfterValidator(_setting_key)]
SettingValue = Annotated[InstanceOf[Setting], BeforeValidator(setting_of), AfterValidator(_known_placeholders)]
FileTemplate = Annotated[_Path, template(*PLACEHOLDERS)]
ArtifactTemplate = Annotated[Text, template("service")]
FileVersion = Annotated[int, AfterValidator(_first_version)]
Choice = Field(strict=False)  # an enumeration takes its words; everything else is taken as it is written
