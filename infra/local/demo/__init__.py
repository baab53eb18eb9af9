"""The demo: releases the sample monorepo for real, as a team would over some days, and says what was proven."""

from infra.local.demo.command import run_demo

__all__ = ["run_demo"]
