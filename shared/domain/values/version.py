"""Versions: strict SemVer 2 (https://semver.org), from a release branch's name."""

from __future__ import annotations

from functools import lru_cache

import semver

from shared.domain.values.errors import InvalidVersion
from shared.domain.values.names import Value

RELEASE_PREFIX = "refs/heads/release/"
_NUMBER = r"(0|[1-9][0-9]*)"
_PART = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
# What `parse` takes, for those who read the API's document; of no more than LONGEST characters.
VERSION_PATTERN = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_PART}(\.{_PART})*)?"
LONGEST = 100
_WIDTH_DIGITS = 2


class Version(Value):
    """A SemVer version without build metadata, which an OCI tag could not hold."""

    __slots__ = ()

    @staticmethod
    def parse(text: str) -> Version:
        """Read `1.0.2`; raise InvalidVersion for anything else, a leading `v` included."""
        try:
            parsed = semver.Version.parse(text)
        except (ValueError, TypeError) as error:
            raise InvalidVersion(text, "is not a SemVer 2 version such as 1.0.2") from error
        if parsed.build is not None:
            raise InvalidVersion(text, "has build metadata, which a registry tag cannot hold; leave out the + part")
        if len(text) > LONGEST:
            raise InvalidVersion(text, f"is longer than {LONGEST} characters")
        return Version(text)

    @staticmethod
    def from_tag(tag: str) -> Version:
        """Read an image tag, `v1.0.2`."""
        if not tag.startswith("v"):
            raise InvalidVersion(tag, "must start with v, such as v1.0.2")
        return Version.parse(tag[1:])

    @property
    def tag(self) -> str:
        """The image tag and appVersion."""
        return f"v{self.text}"

    @property
    def line(self) -> str:
        """Major.minor: a newer version supersedes a waiting older one of the same line only."""
        return _parts(self.text)[0]

    def key(self) -> str:
        """A text that sorts as SemVer orders versions."""
        return _parts(self.text)[1]


# Every gate of every decision compares versions, the same few again and again.
@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, str]:
    """Return line and key."""
    parsed = semver.Version.parse(text)
    line = f"{parsed.major}.{parsed.minor}"
    core = "".join(_number(part) for part in (str(parsed.major), str(parsed.minor), str(parsed.patch)))
    if parsed.prerelease is None:
        return line, core + "}"  # after every prerelease, whose keys go on with "!"
    return line, core + "".join(_identifier(part) for part in parsed.prerelease.split(".")) + " "


def _number(digits: str) -> str:
    return f"{len(digits):0{_WIDTH_DIGITS}d}{digits}"


def _identifier(part: str) -> str:
    # SemVer 11.4: numeric identifiers rank below alphanumeric ones; a longer list of equal ones ranks higher.
    return f"!0{_number(part)}" if part.isdigit() else f"!1{part} "


def parse_release_branch(ref: str) -> tuple[str, str] | None:
    """Return (service, version text) of `refs/heads/release/<service>/v<version>`, unchecked; None for another ref."""
    if not ref.startswith(RELEASE_PREFIX):
        return None
    service, slash, tag = ref.removeprefix(RELEASE_PREFIX).partition("/")
    if not slash:
        return service, ""
    return service, tag
