"""The memory in which a document goes to its reading process."""

import os
from multiprocessing import get_context

from pigeonhole.ocr.pool.shared_bytes import SharedBytes


def test_a_spawned_process_sees_the_same_bytes() -> None:
    shared = SharedBytes()
    data = os.urandom(3_000_000)
    process = get_context("spawn").Process(target=shared.write, args=(data,))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert shared.read(len(data)) == data
    shared.close()


def test_a_document_takes_the_place_of_the_one_before() -> None:
    shared = SharedBytes()
    for data in (os.urandom(5000), b"", b"abc", os.urandom(9000)):
        shared.write(data)
        assert shared.read(len(data)) == data
    shared.close()
