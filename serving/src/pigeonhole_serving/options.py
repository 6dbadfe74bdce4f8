"""Command-line options that both model servers share with KServe."""

import argparse

from kserve.model_server import parser as kserve_parser


def server_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with KServe's own options, which its controller passes, and `--workers` held at 1."""
    parser = argparse.ArgumentParser(parents=[kserve_parser], description=description, allow_abbrev=False)
    parser.set_defaults(model_name="documents")
    for action in parser._actions:
        if action.dest == "workers":
            action.type = _one_worker
    return parser


def _one_worker(value: str) -> int:
    if value != "1":
        raise argparse.ArgumentTypeError("this server is one process; add replicas, and set no containerConcurrency")
    return 1
