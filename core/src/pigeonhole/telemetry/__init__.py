"""Logs and metrics of running processes."""

from pigeonhole.telemetry.logs import bind_context, configure_logging, get_logger

__all__ = ["bind_context", "configure_logging", "get_logger"]
