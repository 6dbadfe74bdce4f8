"""`python -m pigeonhole_api.work`: the worker as a process."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack

from prometheus_client import REGISTRY
from pydantic import ValidationError

from pigeonhole.datasets import DatasetStore
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.storage import open_storage
from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole_api.database import open_database
from pigeonhole_api.duties import Duty
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.quality_metrics import QualityCollector
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.startup import fail_to_start
from pigeonhole_api.webhooks.sending import Sender
from pigeonhole_api.worker.appraiser import Appraiser
from pigeonhole_api.worker.courier import Courier
from pigeonhole_api.worker.health import WorkerHealth, serve_health
from pigeonhole_api.worker.heartbeat import Heartbeat
from pigeonhole_api.worker.reaper import Reaper
from pigeonhole_api.worker.repeating import Repeating
from pigeonhole_api.worker.together import Part, run_together
from pigeonhole_api.worker.trainer import Trainer
from pigeonhole_api.worker.transformer import Transformer
from pigeonhole_api.worker.worker import DocumentWorker

_log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Work until SIGTERM and finish what is in hand; exit code 2 when the settings are wrong, 1 after a fault."""
    argparse.ArgumentParser(prog="pigeonhole_api.work", description="The Pigeonhole worker.").parse_args(arguments)
    try:
        settings, platform = WorkerSettings(), PlatformSettings()
        configure_logging("worker", settings.log_level)
        database = open_database(settings, platform)
        store = DatasetStore(open_storage(platform.storage))
        caches = [PageTextCache(store.storage), *(PageTextCache(open_storage(url)) for url in settings.caches)]
        sender = Sender(
            settings.receiver_networks, seconds=settings.webhook_timeout_seconds, ca_file=settings.webhook_ca_file
        )
    except ValidationError as error:
        fail_to_start(describe_invalid_settings(error) or "The settings are wrong.")
    except PigeonholeError as error:
        fail_to_start(f"{error.message} {error.hint or ''}")
    transformer, owner, stopping = Transformer(settings), new_id("worker"), _stopped_by_signals()
    documents = DocumentWorker(database, store, transformer, settings, owner)
    trainer = Trainer(database, settings, platform, owner)
    courier = Courier(database, sender, settings, owner)
    parts: dict[Duty, Part] = {Duty.DOCUMENTS: documents, Duty.TRAININGS: trainer, Duty.WEBHOOKS: courier}
    repeated: list[Repeating] = [Heartbeat(database, documents, trainer, owner, settings)]
    if Duty.UPKEEP in settings.chosen_duties:
        repeated += [Reaper(database, store, caches, settings), Appraiser(database, owner, settings)]
    if settings.metrics_port:
        REGISTRY.register(QualityCollector(database, platform.model_name))
        serve_health(WorkerHealth(database, repeated), settings.metrics_address, settings.metrics_port)
    _log.info("worker_started", concurrency=settings.concurrency, duties=sorted(settings.chosen_duties))
    with ExitStack() as running:
        for each in repeated:
            running.enter_context(each)
        went_well = run_together({duty: parts[duty] for duty in parts if duty in settings.chosen_duties}, stopping)
    transformer.close()
    database.close()
    _log.info("worker_ended")
    if not went_well:
        sys.exit(1)


def _stopped_by_signals() -> threading.Event:
    """Return what SIGTERM and SIGINT set."""
    stopping = threading.Event()

    def stop(*_signal: object) -> None:
        # A handler runs between two instructions of the main thread, which may hold the lock that setting takes.
        threading.Thread(target=stopping.set, name="stopping").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


if __name__ == "__main__":
    main()
