"""Which trace and span a correlation names: the same in every process and on every day, so that nobody has to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import SpanContext, TraceFlags

_NOT_SAMPLED, _SAMPLED = TraceFlags(TraceFlags.DEFAULT), TraceFlags(TraceFlags.SAMPLED)
_first: ContextVar[str] = ContextVar("first", default="")


@lru_cache(maxsize=1024)
def names(correlation: str) -> tuple[int, int]:
    """Return the trace id and the id of its first span: the first 16, and the next 8, bytes of the SHA-256."""
    digest = hashlib.sha256(correlation.encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


def first_of(correlation: str, sampler: Sampler) -> SpanContext:
    """Return the first span of a correlation's trace, whoever makes it; either all of a trace is sampled or nothing."""
    trace, span = names(correlation)
    sampled = sampler.should_sample(None, trace, correlation).decision is Decision.RECORD_AND_SAMPLE
    return SpanContext(trace, span, is_remote=True, trace_flags=_SAMPLED if sampled else _NOT_SAMPLED)


class Ids(RandomIdGenerator):
    """Random ids, but for the first span of a trace."""

    @contextmanager
    def making_first_of(self, correlation: str) -> Iterator[None]:
        """Name what is made within by its correlation."""
        token = _first.set(correlation)
        try:
            yield
        finally:
            _first.reset(token)

    def generate_trace_id(self) -> int:
        """See IdGenerator."""
        return names(_first.get())[0] if _first.get() else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """See IdGenerator."""
        return names(_first.get())[1] if _first.get() else super().generate_span_id()
