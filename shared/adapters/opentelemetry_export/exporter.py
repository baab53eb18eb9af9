"""The Exporter of shared/telemetry.py by OpenTelemetry's SDK, which sends in threads of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, NonRecordingSpan
from opentelemetry.util.types import AttributeValue

from shared.adapters.opentelemetry_export.identity import Ids, first_of, names
from shared.adapters.opentelemetry_export.instruments import Instruments

_SCOPE = "slipway"


class OpenTelemetryExporter:
    """Makes one trace of everything that is told of a correlation, in whichever process and however much later.

    Spans end with the work that they time. Who waits for days has no span meanwhile: what goes on later lies below the
    same first span, which is known by its name, and is linked with what set it going. Where to send, how often and
    which part is sampled say OpenTelemetry's own variables (OTEL_*).
    """

    def __init__(self, spans: Callable[[TracerProvider], SpanExporter], metrics: MetricExporter) -> None:
        self._ids, resource = Ids(), _resource()
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids)
        self._tracers.add_span_processor(BatchSpanProcessor(spans(self._tracers)))
        self._meters = MeterProvider([PeriodicExportingMetricReader(metrics)], resource=resource)
        self._tracer = self._tracers.get_tracer(_SCOPE)
        self._instruments = Instruments(self._meters.get_meter(_SCOPE))

    @classmethod
    def over_otlp(cls) -> OpenTelemetryExporter:
        """Send over OTLP, HTTP and protobuf, to OTEL_EXPORTER_OTLP_ENDPOINT."""
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return cls(lambda _: OTLPSpanExporter(), OTLPMetricExporter())

    @classmethod
    def to_azure_monitor(cls) -> OpenTelemetryExporter:
        """Send to the Application Insights of APPLICATIONINSIGHTS_CONNECTION_STRING."""
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter, AzureMonitorTraceExporter

        # Kept on disk, what could not be sent would stay on a machine that is gone a minute later. It asks the provider
        # who sends, and without ours the process's, which is nobody's: it would log an error with each batch.
        return cls(
            lambda provider: AzureMonitorTraceExporter(tracer_provider=provider, disable_offline_storage=True),
            AzureMonitorMetricExporter(disable_offline_storage=True),
        )

    @contextmanager
    def span(self, name: str, correlation: str, attributes: Mapping[str, object]) -> Iterator[None]:
        """See Exporter."""
        with self._tracer.start_as_current_span(
            name, self._place(correlation), attributes=_plain(attributes), record_exception=False
        ):
            yield

    def record(
        self,
        name: str,
        correlation: str,
        began: int,
        attributes: Mapping[str, object],
        links: tuple[str, ...],
        first: bool,
    ) -> None:
        """See Exporter."""
        said = _plain(attributes)
        linked = [Link(first_of(one, self._tracers.sampler)) for one in links]
        if first:
            with self._ids.making_first_of(correlation):
                made = self._tracer.start_span(name, Context(), attributes=said, links=linked, start_time=began)
        else:
            place = self._place(correlation)
            if place is None:
                trace.get_current_span().set_attributes(said)
            made = self._tracer.start_span(name, place, attributes=said, links=linked, start_time=began)
        made.end()

    def measure(self, name: str, value: float, attributes: Mapping[str, object]) -> None:
        """See Exporter."""
        self._instruments.take(name, value, _plain(attributes))

    def flush(self) -> None:
        """Send what was told until now, and wait for it."""
        self._tracers.force_flush()
        self._meters.force_flush()

    def close(self) -> None:
        """Send what is left; the process does so when it ends, if it can."""
        self._tracers.shutdown()
        self._meters.shutdown()

    def _place(self, correlation: str) -> Context | None:
        """Say what a span of a trace lies below: the one that is open here (None), or the trace's first."""
        if trace.get_current_span().get_span_context().trace_id == names(correlation)[0]:
            return None
        first = NonRecordingSpan(first_of(correlation, self._tracers.sampler))
        return trace.set_span_in_context(first, Context())


def _plain(attributes: Mapping[str, object]) -> dict[str, AttributeValue]:
    return {
        f"slipway.{name}": value if isinstance(value, bool | int | float) else str(value)
        for name, value in attributes.items()
    }


def _resource() -> Resource:
    found = Resource.create()
    unnamed = str(found.attributes[SERVICE_NAME]).startswith("unknown_service")
    return found.merge(Resource({SERVICE_NAME: _SCOPE})) if unnamed else found
