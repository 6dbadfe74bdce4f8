"""Model servers in pods: models for them to load, manifests fit for a test's namespace, and documents sent to them."""

import base64
import io
import itertools
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen import canvas

from pigeonhole.artefact import save_classifier
from pigeonhole.classifier import TrainingParams, train_classifier
from pigeonhole.text import clean_text

from .images import pinned
from .kubectl import Kubectl

MANIFESTS = Path(__file__).parents[2] / "k8s" / "serving"
PREDICT = "/v1/models/documents:predict"
TEXTS = {
    "invoice": "facture numéro montant total TTC TVA échéance règlement client prestation hors taxes à payer",
    "payslip": "bulletin de paie salaire brut net imposable cotisations employeur congés payés retraite",
    "resume": "curriculum vitae expérience professionnelle compétences formation diplômes langues loisirs",
}
LOADER = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: models}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: loader}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {runAsUser: 10001, fsGroup: 10001}
  containers:
    - name: loader
      image: pigeonhole/predictor:dev
      command: [sleep, "3600"]
      volumeMounts: [{name: models, mountPath: /models}]
      resources: {requests: {cpu: 1m, memory: 16Mi}}
  volumes: [{name: models, persistentVolumeClaim: {claimName: models}}]
"""


def train_model(folder: Path, *, features: int) -> str:
    """Train a small classifier into a folder, as a registry keeps it: without an identity. Return its digest."""
    rows = [(name, text.split()) for name, text in TEXTS.items()]
    turned = [(name, " ".join(words[start:] + words[:start])) for name, words in rows for start in range(6)]
    texts = [clean_text(text).text for _, text in turned]
    labels = [name for name, _ in turned]
    groups = [str(number) for number in range(len(turned))]
    return save_classifier(train_classifier(texts, labels, groups, TrainingParams(max_features=features)), folder)


def load_models(kubectl: Kubectl, models: Path) -> None:
    """Put a folder of model versions on a claim named `models`, as `document-classifier/VERSION`."""
    kubectl.apply(with_test_images(LOADER))
    kubectl("wait", "--for=condition=Ready", "pod/loader", "--timeout=180s")
    kubectl("cp", str(models), "loader:/models/document-classifier")
    kubectl("delete", "pod", "loader", "--wait=false")


def manifests(*names: str) -> list[dict[str, Any]]:
    """Return objects of k8s/serving for a small node: the images of the tests' registry, and little CPU."""
    return [
        item
        for name in names
        for item in yaml.safe_load_all(
            with_test_images((MANIFESTS / name).read_text()).replace('cpu: "1"', "cpu: 100m")
        )
    ]


def with_test_images(text: str) -> str:
    """Return a manifest with the images of the tests' registry."""
    return re.sub(r"(?<=image: )pigeonhole/([a-z-]+):dev", lambda name: pinned(name[1]), text)


def letter(kind: str, number: int) -> bytes:
    """Return a PDF with a text layer, another one for each number."""
    drawn = io.BytesIO()
    page = canvas.Canvas(drawn, pagesize=(420, 594), invariant=1)
    words = [*TEXTS[kind].split(), "reference", str(number)]
    for line, start in enumerate(range(0, len(words), 5)):
        page.drawString(40, 540 - 24 * line, " ".join(words[start : start + 5]))
    page.save()
    return drawn.getvalue()


def scan(kind: str) -> bytes:
    """Return a picture of a page, which has to be recognised."""
    image = Image.new("L", (1200, 700), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 34)
    words = TEXTS[kind].split()
    for line, start in enumerate(range(0, len(words), 4)):
        draw.text((60, 60 + 70 * line), " ".join(words[start : start + 4]), fill=0, font=font)
    drawn = io.BytesIO()
    image.save(drawn, "PNG")
    return drawn.getvalue()


PAUSE_SECONDS = 0.1
"""Between two documents of a thread: a dozen a second in all, which leaves cores to what happens under that load."""


@dataclass(frozen=True)
class Answer:
    """What one document brought: the status, and who answered what, or why not."""

    status: int
    role: str = ""
    version: str = ""
    class_name: str | None = None
    problem: str = ""


def send(client: httpx.Client, document: bytes) -> Answer:
    """Send a document to the transformer behind a client; a connection that fails is status 0."""
    body = {"instances": [{"document": base64.b64encode(document).decode()}]}
    try:
        response = client.post(PREDICT, json=body)
    except httpx.TransportError as error:
        return Answer(0, problem=repr(error))
    if response.status_code != httpx.codes.OK:
        return Answer(response.status_code, problem=response.text[:500])
    (prediction,) = response.json()["predictions"]
    return Answer(200, prediction["role"], prediction["model"]["version"], prediction["class"])


class Load:
    """Documents sent one after another by some threads, until it is stopped; every answer is kept."""

    def __init__(self, url: str, *, threads: int = 2) -> None:
        self.answers: list[Answer] = []
        self._url = url
        self._numbers = itertools.count(1_000_000)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[Answer]:
        """The answers that are not 200."""
        return [answer for answer in self.answers if answer.status != httpx.codes.OK]

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._stop.wait(PAUSE_SECONDS):
                self.answers.append(send(client, letter("invoice", next(self._numbers))))
