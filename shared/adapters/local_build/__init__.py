"""Builds on this machine, as processes: for one machine, where nobody runs a pipeline or a container engine."""

from shared.adapters.local_build.builder import LocalBuilder
from shared.adapters.local_build.unit_tests import NO_COMMAND

__all__ = ["NO_COMMAND", "LocalBuilder"]
