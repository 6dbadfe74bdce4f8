"""Start the transformer: `python -m pigeonhole_serving.transformer_server`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole.telemetry.tracing import configure_tracing
from pigeonhole_serving.settings import ServingSettings

_log = get_logger(__name__)


def transformer_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: KServe's options and ours."""
    # kserve parses sys.argv when it is imported, and every reader process imports this module.
    from pigeonhole_serving.options import server_parser

    parser = server_parser("Reads documents and has their text scored by the predictor.")
    parser.add_argument("--routing_file", type=Path, help="JSON file that names the predictor; read again on change.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; return the exit code."""
    parser = transformer_parser()
    options = parser.parse_args(arguments)
    if options.routing_file is None and not options.predictor_host:
        parser.error("--predictor_host or --routing_file is needed.")
    configure_logging("transformer")
    configure_tracing("transformer")
    return _serve(options, ServingSettings())


def _serve(options: argparse.Namespace, settings: ServingSettings) -> int:
    from pigeonhole_serving.document_model import DocumentModel
    from pigeonhole_serving.health import TransformerHealth
    from pigeonhole_serving.model_server import PigeonholeModelServer, ServerParts
    from pigeonhole_serving.predictor_client import PredictorClient
    from pigeonhole_serving.readers import Readers
    from pigeonhole_serving.router import Router
    from pigeonhole_serving.routing import routing_to
    from pigeonhole_serving.routing_file import RoutingFile
    from pigeonhole_serving.transformer import Transformer

    fallback = routing_to(options.predictor_host) if options.predictor_host else None
    routing = RoutingFile(options.routing_file, fallback)
    router = Router(PredictorClient(use_ssl=options.predictor_use_ssl), routing, settings)
    readers = Readers(settings)
    transformer = Transformer(readers, router, reasons=settings.reasons)
    health = TransformerHealth(transformer, settings)

    async def close() -> None:
        readers.stop()
        await router.close()

    parts = ServerParts(
        settings, health.problems, health.own_problems, lambda: readers.admission.is_full, (health.watch,), close
    )
    readers.start()
    _log.info("transformer starts", predictor=options.predictor_host, slots=settings.slots, port=options.http_port)
    PigeonholeModelServer(options.http_port, parts).start(DocumentModel(options.model_name, transformer, settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
