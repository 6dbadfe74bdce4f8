"""A predictor of a few megabytes that starts at once; it runs alone in its pod, by `python3 -I -S -c`.

It is what its model's URI says: `pvc://models/document-classifier/7` is version 7 as it should be, and a word behind
the number is a fault (`7-crash`), which shows only once it is to be stable where it ends so (`7-crash-as-stable`). Its
digest is that of the number, its version the environment's, as a real server's.
"""

import _thread
import os
import signal
import socket
import sys
import time
from _sha256 import sha256

NUMBER, _, FAULT = os.environ["MODEL_URI"].rpartition("/")[2].partition("-")
if FAULT.endswith("-as-stable"):
    FAULT = "" if "-candidate-" in socket.gethostname() else FAULT.removesuffix("-as-stable")
STARTED = time.monotonic()
LATE_SECONDS = 4
SLOW_SECONDS = 20


def identity():
    version = os.environ.get("PIGEONHOLE_SERVING_MODEL_VERSION") or NUMBER
    if FAULT.startswith("as-"):
        version = FAULT.removeprefix("as-")
    content = "altered" if FAULT == "altered" else f"model {NUMBER}"
    run = os.environ.get("PIGEONHOLE_SERVING_MODEL_RUN_ID", "")
    return {
        "name": os.environ.get("PIGEONHOLE_SERVING_REGISTERED_MODEL", "document-classifier"),
        "version": version,
        "run_id": run,
        "digest": sha256(content.encode()).hexdigest(),
    }


def infer(body):
    import json

    rows = 1
    for tensor in json.loads(body).get("inputs", []):
        rows = max(rows, len(tensor.get("data", [])))
    outputs = [
        {"name": "probabilities", "datatype": "FP64", "shape": [rows, 2], "data": [0.9, 0.1] * rows},
        {"name": "classes", "datatype": "BYTES", "shape": [2], "data": ["invoice", "payslip"]},
        {"name": "thresholds", "datatype": "FP64", "shape": [2], "data": [0.5, 0.5]},
    ]
    answer = {"model_name": "documents", "id": "none", "parameters": identity(), "outputs": outputs}
    return json.dumps(answer).encode()


def answer(path, body):
    if not path.startswith(b"/v2/models/") or not path.endswith(b"/infer"):
        late = FAULT == "late" and time.monotonic() - STARTED < LATE_SECONDS
        return (503, b"{}") if FAULT == "unready" or late else (200, b"{}")
    if FAULT == "slow":
        time.sleep(SLOW_SECONDS)
    return (500, b'{"error": "broken"}') if FAULT == "broken" else (200, infer(body))


def serve(connection):
    connection.settimeout(5)
    try:
        head, _, body = b"", b"", b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536) or b"\r\n\r\n"
        head, _, body = head.partition(b"\r\n\r\n")
        length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while length and len(body) < int(length[0]):
            body += connection.recv(65536)
        status, content = answer(head.split(b" ")[1], body)
        lines = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        connection.sendall(lines.encode() + b"Connection: close\r\n\r\n" + content)
    except (OSError, IndexError) as error:
        sys.stderr.write(f"{error!r}\n")
    finally:
        connection.close()


def main():
    # The first process of a container ignores the signal unless it says what it does.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if FAULT == "crash":
        sys.exit("the model cannot be loaded")
    listener = socket.create_server(("", 8080), backlog=64)
    while True:
        connection, _ = listener.accept()
        _thread.start_new_thread(serve, (connection,))


main()
