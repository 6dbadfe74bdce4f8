"""The `pigeonhole` command."""

from pigeonhole_frontends.cli.application import main

__all__ = ["main"]
