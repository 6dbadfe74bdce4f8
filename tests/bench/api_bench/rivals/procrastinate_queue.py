"""The same work in Procrastinate's queue; run by the Python of its own environment.

`submit` makes the tables and queues a task for each document; `work` is a worker, whose port answers once it is up.
"""

import argparse
import asyncio
import base64
import json
import sys
from pathlib import Path

import httpx
import procrastinate

_CONNECTIONS_BESIDE_TASKS = 4
_GROUP = "job"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare")
    commands.add_parser("submit")
    worker = commands.add_parser("work")
    worker.add_argument("--documents", type=Path, required=True)
    worker.add_argument("--transformer", required=True)
    worker.add_argument("--concurrency", type=int, required=True)
    worker.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    actions = {"prepare": _prepare, "submit": _submit, "work": _work}
    asyncio.run(actions[options.command](options))


async def _prepare(options: argparse.Namespace) -> None:
    app, _ = _application(options)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def _submit(options: argparse.Namespace) -> None:
    app, classify = _application(options)
    async with app.open_async():
        await classify.batch_defer_async(*({"sha256": line.strip()} for line in sys.stdin))


async def _work(options: argparse.Namespace) -> None:
    app, _ = _application(options)
    server = await asyncio.start_server(_say_ready, "127.0.0.1", options.port)
    async with server, app.open_async(), httpx.AsyncClient(trust_env=False, timeout=60) as client:
        context = {"client": client, "documents": options.documents, "transformer": options.transformer}
        await app.run_worker_async(concurrency=options.concurrency, additional_context=context)


def _application(options: argparse.Namespace) -> tuple[procrastinate.App, procrastinate.tasks.Task]:
    connections = getattr(options, "concurrency", 0) + _CONNECTIONS_BESIDE_TASKS
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=options.database, max_size=connections))

    @app.task(name="classify", pass_context=True)
    async def classify(context: procrastinate.JobContext, sha256: str) -> None:
        parts = context.additional_context
        data = (parts["documents"] / sha256).read_bytes()
        instance = {"document": base64.b64encode(data).decode(), "reasons": True, "group": _GROUP}
        body = json.dumps({"instances": [instance]})
        response = await parts["client"].post(
            parts["transformer"], content=body, headers={"content-type": "application/json"}
        )
        response.raise_for_status()

    return app, classify


async def _say_ready(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()
