"""Start the predictor: `python -m pigeonhole_serving.predictor_server`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole.telemetry.tracing import configure_tracing
from pigeonhole_serving.settings import ServingSettings

_log = get_logger(__name__)
_KSERVE_MODEL_DIRECTORY = Path("/mnt/models")


def predictor_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: KServe's options and ours."""
    # kserve parses sys.argv when it is imported.
    from pigeonhole_serving.options import server_parser

    parser = server_parser("Scores plain texts with a trained classifier.")
    parser.add_argument(
        "--model_dir", type=Path, default=_KSERVE_MODEL_DIRECTORY, help="Folder of model.skops and model.json."
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; return the exit code."""
    options = predictor_parser().parse_args(arguments)
    configure_logging("predictor")
    configure_tracing("predictor")
    return _serve(options, ServingSettings())


def _serve(options: argparse.Namespace, settings: ServingSettings) -> int:
    from pigeonhole_serving.model_server import PigeonholeModelServer, ServerParts
    from pigeonhole_serving.text_model import TextModel

    model = TextModel(options.model_name, options.model_dir, settings)

    async def close() -> None:
        model.slots.close()

    parts = ServerParts(settings, model.problems, model.problems, lambda: model.slots.is_full, (model.open,), close)
    _log.info("predictor starts", port=options.http_port)
    PigeonholeModelServer(options.http_port, parts).start(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
