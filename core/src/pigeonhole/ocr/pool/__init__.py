"""Processes that read documents under supervision: one that dies or hangs costs a page, and nothing else."""

from pigeonhole.ocr.pool.errors import PoolFull, PoolStopped, PoolTimeout
from pigeonhole.ocr.pool.pool import ReadingPool
from pigeonhole.ocr.pool.settings import PoolSettings
from pigeonhole.ocr.pool.waiting_line import PoolObserver, Priority

__all__ = ["PoolFull", "PoolObserver", "PoolSettings", "PoolStopped", "PoolTimeout", "Priority", "ReadingPool"]
