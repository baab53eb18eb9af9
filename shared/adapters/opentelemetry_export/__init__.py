"""Spans and measures to OpenTelemetry: over OTLP, or to Azure Monitor."""

from shared.adapters.opentelemetry_export.exporter import OpenTelemetryExporter

__all__ = ["OpenTelemetryExporter"]
