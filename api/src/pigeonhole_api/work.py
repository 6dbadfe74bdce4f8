"""`python -m pigeonhole_api.work`: the worker as a process."""

import argparse
import signal
import threading
from collections.abc import Callable, Sequence

from prometheus_client import REGISTRY, start_http_server
from pydantic import ValidationError

from pigeonhole.datasets import DatasetStore
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.storage import open_storage
from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole_api.database import open_database
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.quality_metrics import QualityCollector
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.startup import fail_to_start
from pigeonhole_api.webhooks.sending import Sender
from pigeonhole_api.worker.appraiser import Appraiser
from pigeonhole_api.worker.courier import Courier
from pigeonhole_api.worker.heartbeat import Heartbeat
from pigeonhole_api.worker.reaper import Reaper
from pigeonhole_api.worker.trainer import Trainer
from pigeonhole_api.worker.transformer import Transformer
from pigeonhole_api.worker.worker import DocumentWorker

_log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Work until SIGTERM, finish what is in hand, and end with code 0; exit code 2 when the settings are wrong."""
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
    if settings.metrics_port:
        REGISTRY.register(QualityCollector(database, platform.model_name))
        start_http_server(settings.metrics_port, settings.metrics_address)
    transformer, owner = Transformer(settings), new_id("worker")
    documents = DocumentWorker(database, store, transformer, settings, owner)
    trainer = Trainer(database, settings, platform, owner)
    courier = Courier(database, sender, settings, owner)
    _stop_on_signals(documents.stop, trainer.stop, courier.stop)
    with (
        Heartbeat(database, documents, trainer, owner, settings),
        Reaper(database, store, caches, settings),
        Appraiser(database, owner, settings),
    ):
        others = [
            threading.Thread(target=trainer.run, name="trainer"),
            threading.Thread(target=courier.run, name="courier"),
        ]
        for thread in others:
            thread.start()
        _log.info("worker_started", concurrency=settings.concurrency)
        try:
            documents.run()
        finally:
            trainer.stop()
            courier.stop()
            for thread in others:
                thread.join()
    transformer.close()
    database.close()
    _log.info("worker_ended")


def _stop_on_signals(*stops: Callable[[], None]) -> None:
    def stop(*_signal: object) -> None:
        # A handler runs between two instructions of the main thread, which may hold the lock that stopping takes.
        for each in stops:
            threading.Thread(target=each, name="stopping").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    main()
