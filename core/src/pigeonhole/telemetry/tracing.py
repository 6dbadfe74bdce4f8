"""Traces by OpenTelemetry, sent when an endpoint is set; else the ids of a caller's trace are passed on and no more.

Spans hold ids, counts and codes, never names, text or secrets.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, NoOpTracer, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_TRACE_PARENT = "traceparent"
_W3C = TraceContextTextMapPropagator()


@dataclass
class _Tracing:
    """Where spans go; not OpenTelemetry's global provider, by which libraries would add spans of their own."""

    tracer: Tracer
    close: Callable[[], None]


_tracing = _Tracing(NoOpTracer(), lambda: None)


def configure_tracing(process: str) -> None:
    """Send this process's spans by OTLP over HTTP, if one of OpenTelemetry's own variables names an endpoint.

    Its other variables (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, ...) count too.

    Args:
        process: The name of the process, such as `transformer`; the service is then `pigeonhole-transformer`.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return
    # 0.2 s that only those pay who want traces.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", f"pigeonhole-{process}")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracing.tracer, _tracing.close = provider.get_tracer("pigeonhole"), provider.shutdown


def close_tracing() -> None:
    """Send the spans that are still held, and no more after them; it may take seconds."""
    _tracing.close()


@contextmanager
def server_span(name: str, headers: Mapping[str, str]) -> Iterator[Span]:
    """Make the answering of a request a span of its caller's trace, which `traceparent` and `tracestate` name."""
    if isinstance(_tracing.tracer, NoOpTracer) and _TRACE_PARENT not in headers:
        yield INVALID_SPAN
        return
    with _tracing.tracer.start_as_current_span(
        name,
        context=_W3C.extract(headers),
        kind=SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[Span]:
    """Make a part of the work a span; a failure shows as its exception's type alone."""
    if isinstance(_tracing.tracer, NoOpTracer):
        yield INVALID_SPAN
        return
    with _tracing.tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def trace_headers() -> dict[str, str]:
    """Return the headers that make what is called next a part of the trace in hand."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


def trace_ids() -> dict[str, str]:
    """Return the trace in hand as a field for log lines, or nothing when there is none."""
    context = trace.get_current_span().get_span_context()
    return {"trace_id": trace.format_trace_id(context.trace_id)} if context.is_valid else {}
