"""What a run's things in a cluster are called, and whether the cluster was there before (SLIPWAY_TEST_CONTEXT)."""

from __future__ import annotations

import os
import re
import uuid

CONTEXT, DISPOSABLE, PREFIX = "SLIPWAY_TEST_CONTEXT", "SLIPWAY_TEST_CONTEXT_IS_DISPOSABLE", "SLIPWAY_TEST_PREFIX"
OURS = re.compile(r"(slipway-test-[0-9a-f]{8})-")


def context() -> str:
    """The context that tests are given, empty where they have a control plane of their own."""
    return os.environ.get(CONTEXT, "")


def new_name() -> str:
    """A name in the cluster that nobody else has, for a namespace or for what belongs to none."""
    return f"{os.environ.get(PREFIX, 't')}-{uuid.uuid4().hex[:10]}"
