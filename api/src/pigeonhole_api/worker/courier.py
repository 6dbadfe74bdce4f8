"""Webhooks from their queue to their receivers."""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import LEASES_EXPIRED, RESULTS_DROPPED, WEBHOOK_ATTEMPTS
from pigeonhole_api.records import delivery_leases
from pigeonhole_api.records.delivery_leases import DeliveryLease
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.webhooks.outcomes import Again, Delivered, GivenUp, Gone, Outcome, Unsent, what_follows
from pigeonhole_api.webhooks.sending import Letter, Sender
from pigeonhole_api.webhooks.signatures import key_sha256, sign, webhook_key
from pigeonhole_api.worker.faults import count_fault

_log = get_logger(__name__)
_RESULTS = {Delivered: "delivered", Again: "put_back", GivenUp: "failed", Gone: "gone"}


class Courier:
    """Sends several webhooks at a time, but one a tenant: who has slow receivers holds up nobody else."""

    def __init__(self, database: Database, sender: Sender, settings: WorkerSettings, owner: str) -> None:
        self._database = database
        self._sender = sender
        self._settings = settings
        self._owner = owner
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._stopping = False

    def run(self) -> None:
        """Work until `stop`, then finish what is in hand."""
        if not self._settings.secret:
            _log.warning("webhooks_wait", reason="PIGEONHOLE_API_SIGNING_KEY and PIGEONHOLE_API_TOKEN are not set")
            return
        with ThreadPoolExecutor(self._settings.webhook_concurrency, thread_name_prefix="courier") as hands:
            while self._wait_for_a_free_hand():
                lease = self._take()
                if lease is not None:
                    hands.submit(self._work, lease)
                else:
                    self._rest(self._settings.poll_seconds)

    def stop(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _wait_for_a_free_hand(self) -> bool:
        """Wait until a delivery may be taken; False when none may be any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or len(self._busy) < self._settings.webhook_concurrency)
            return not self._stopping

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if not self._stopping:
                self._changed.wait(seconds)

    def _take(self) -> DeliveryLease | None:
        with self._changed:
            busy = frozenset(self._busy)
        # Nobody renews it: sending ends by its own deadline, long before the lease does.
        seconds = self._settings.webhook_timeout_seconds + self._settings.lease_seconds
        try:
            with self._database.read() as connection:
                if not delivery_leases.is_delivery_waiting(connection, busy):
                    return None
            with self._database.write() as connection:
                attempts = self._settings.webhook_attempts
                expired = delivery_leases.end_expired_deliveries(connection, most_attempts=attempts)
                lease = delivery_leases.claim_delivery(connection, self._owner, busy, seconds=seconds)
        except SQLAlchemyError as error:
            count_fault("delivery_claim_failed", error)
            return None
        LEASES_EXPIRED.inc(expired)
        if lease is not None:
            with self._changed:
                self._busy.add(lease.tenant)
        return lease

    def _work(self, lease: DeliveryLease) -> None:
        with bind_context(delivery_id=lease.delivery_id, webhook_id=lease.webhook_id):
            try:
                self._end(lease, self._send(lease))
            except Exception as error:  # noqa: BLE001 - the lease ends by itself; the courier must go on
                count_fault("delivery_failed", error)
            finally:
                with self._changed:
                    self._busy.discard(lease.tenant)
                    self._changed.notify_all()

    def _send(self, lease: DeliveryLease) -> Outcome:
        key = webhook_key(self._settings.secret, lease.webhook_id)
        if key_sha256(key) != lease.key_sha256:
            # The receiver would take the signature for a forged one, and nobody would know why.
            return Outcome(reason=Unsent.SECRET_CHANGED)
        body = json.dumps(lease.payload, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(lease.taken_at)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Pigeonhole",
            "Webhook-Id": lease.delivery_id,
            "Webhook-Timestamp": str(timestamp),
            "Webhook-Signature": sign(key, lease.delivery_id, timestamp, body),
        }
        return self._sender.send(Letter(lease.url, headers, body))

    def _end(self, lease: DeliveryLease, outcome: Outcome) -> None:
        sequel = what_follows(outcome, lease.attempt, self._settings.webhook_retries, random.random())
        worker = Caller("worker", tenant=lease.tenant)
        with self._database.write() as connection:
            kept = delivery_leases.end_delivery(connection, lease, outcome, sequel, worker=worker)
        result = _RESULTS[type(sequel)]
        if not kept:
            RESULTS_DROPPED.inc()
            _log.warning("delivery_dropped", result=result, attempt=lease.attempt)
            return
        WEBHOOK_ATTEMPTS.labels(result).inc()
        _log.info("delivery_ended", result=result, status=outcome.status, reason=outcome.reason, attempt=lease.attempt)
