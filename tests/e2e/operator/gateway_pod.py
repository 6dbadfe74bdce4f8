"""A relay in the cluster: it sends a request on to the Service that its header `x-target` names, by the cluster's DNS.

It runs alone in its pod, by `python3 -I -S -c`. What cannot be reached is answered with the header `x-unreachable`.
"""

import asyncio
import os
import signal

DROPPED = (b"x-target:", b"connection:", b"proxy-connection:")


async def relay(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head[:-4].split(b"\r\n")
        values = dict(line.lower().split(b": ", 1) for line in lines[1:])
        body = await reader.readexactly(int(values.get(b"content-length", 0)))
        kept = [line for line in lines if not line.lower().startswith(DROPPED)]
        host, _, port = values.get(b"x-target", b"").decode().partition(":")
        if not host:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        await pass_on(host, int(port or 80), b"\r\n".join([*kept, b"Connection: close\r\n\r\n"]) + body, writer)
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        said = repr(error).replace("\n", " ")
        writer.write(
            f"HTTP/1.1 502 -\r\nx-unreachable: {said}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
    finally:
        await writer.drain()
        writer.close()


async def pass_on(host, port, request, writer):
    upstream, sink = await asyncio.wait_for(asyncio.open_connection(host, port), 5)
    sink.write(request)
    answered = False
    while piece := await upstream.read(65536):
        writer.write(piece)
        answered = True
    sink.close()
    if not answered:
        raise ConnectionResetError("no answer")


async def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = await asyncio.start_server(relay, "", 8080)
    await server.serve_forever()


asyncio.run(main())
