"""What the domain raises.

SlipwayError
├── InvalidValue          a value that cannot be what it claims to be, with the field
│   └── InvalidVersion
├── Refused               an operation that does not fit the state, with what to do instead
└── ReleaseNotLoaded      an ended release that the decision needs; the caller loads it and decides again
"""

from __future__ import annotations


class SlipwayError(Exception):
    """Anything that Slipway raises on purpose."""


class InvalidValue(SlipwayError):
    """A value was not what its field takes."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


class InvalidVersion(InvalidValue):
    """A version that is not strict SemVer 2, or one that a registry tag cannot hold."""

    def __init__(self, text: str, problem: str) -> None:
        self.text = text
        super().__init__("version", f"{text!r} {problem}")


class Refused(SlipwayError):
    """The operation does not fit; `code` is for programs, the message says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class ReleaseNotLoaded(SlipwayError):
    """An ended release is needed to decide. Load it into the state and decide again."""

    def __init__(self, version_key: str) -> None:
        self.version_key = version_key
        super().__init__(f"release {version_key} is not loaded")
