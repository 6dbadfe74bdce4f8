"""A release of the chart as others get it: with its images' digests, signed, from a registry, and verified."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.e2e.images import pinned
from tests.e2e.kubectl import cluster_address

from .release import IMAGES

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[3]
MADE = ROOT / "build" / "release"
OWNER = "Releases of the tests <releases@pigeonhole.test>"
PASSPHRASE = "a passphrase of the tests"


@dataclass(frozen=True)
class Key:
    """A key of gpg in a home of its own, its passphrase's file, and its public half for those who verify."""

    home: Path
    passphrase: Path
    public: Path


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    # gpg's agent has a socket in its home, whose path must be short.
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    found = Key(home, home / "passphrase", home / "public.gpg")
    found.passphrase.write_text(PASSPHRASE)
    loopback = ("--batch", "--pinentry-mode", "loopback", "--passphrase-file", str(found.passphrase))
    gpg(found, *loopback, "--quick-generate-key", OWNER, "rsa3072", "sign", "never")
    gpg(found, "--output", str(found.public), "--export", "releases@pigeonhole.test")
    yield found
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(home)}, check=True)


def gpg(key: Key, *arguments: str) -> str:
    environment = {**os.environ, "GNUPGHOME": str(key.home)}
    return run(["gpg", "--batch", *arguments], environment).stderr


def run(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done


def release(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "REGISTRY": cluster_address("REGISTRY"), "TAG": "dev", **settings}
    return subprocess.run(
        ["scripts/release"], capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def listed() -> Mapping[str, str]:
    """List what each image holds, and return what was said about it by name."""
    said = run(["scripts/sbom"], {**os.environ, "TAG": "dev"}).stdout
    return {line.split()[0]: line for line in said.splitlines()}


@pytest.fixture(scope="module")
def repository() -> str:
    registry = cluster_address("REGISTRY")
    return f"oci://{registry}/charts-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def archive(listed: Mapping[str, str], key: Key, repository: str) -> Path:
    """Make the release and return its chart."""
    made = release(
        SIGNING_KEY="releases@pigeonhole.test",
        SIGNING_PASSPHRASE_FILE=str(key.passphrase),
        CHART_REPOSITORY=repository,
        GNUPGHOME=str(key.home),
    )
    assert made.returncode == 0, made.stderr
    (found,) = MADE.glob("*.tgz")
    return found


def test_every_image_has_a_list_of_what_it_holds(listed: Mapping[str, str]) -> None:
    assert set(listed) == set(IMAGES)
    for name in IMAGES:
        packages = json.loads((ROOT / "build" / "sbom" / f"{name}.spdx.json").read_text())["packages"]
        assert "libc6" in {package["name"] for package in packages}, name
        assert ("kopf" in {package["name"] for package in packages}) == (name == "operator")


def test_a_chart_from_the_registry_is_verified_and_names_its_images_by_digest(
    archive: Path, key: Key, repository: str, tmp_path: Path
) -> None:
    plain = ["--plain-http"] if "localhost" in repository or "127.0.0.1" in repository else []
    verified = ["--verify", "--keyring", str(key.public), *plain]
    version = archive.stem.removeprefix("pigeonhole-")
    run(["helm", "pull", f"{repository}/pigeonhole", "--version", version, "--destination", str(tmp_path), *verified])
    (pulled,) = tmp_path.glob("*.tgz")
    assert pulled.read_bytes() == archive.read_bytes()
    options = ["--kube-version", "1.33.0", "--set", "profile=demo,serving.mode=deployments"]
    objects = yaml.safe_load_all(run(["helm", "template", "trial", str(pulled), *options]).stdout)
    images = {found for each in objects if each for found in images_in(each)}
    assert images == {pinned(name) for name in IMAGES}


def images_in(value: object) -> Iterator[str]:
    """Yield the image of every container of an object."""
    if isinstance(value, dict):
        if isinstance(value.get("image"), str):
            yield value["image"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from images_in(each)


def test_a_chart_that_somebody_changed_is_not_verified(archive: Path, key: Key, tmp_path: Path) -> None:
    changed = tmp_path / archive.name
    changed.write_bytes(archive.read_bytes() + b"\0")
    changed.with_name(f"{archive.name}.prov").write_bytes(archive.with_name(f"{archive.name}.prov").read_bytes())
    refused = subprocess.run(
        ["helm", "verify", str(changed), "--keyring", str(key.public)], capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert "sum does not match" in refused.stderr


def test_the_sums_of_everything_are_signed(archive: Path, key: Key) -> None:
    gpg(key, "--verify", str(MADE / "SHA256SUMS.asc"), str(MADE / "SHA256SUMS"))
    checked = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=MADE, capture_output=True, text=True, check=True
    )
    names = {line.partition(":")[0] for line in checked.stdout.splitlines()}
    assert names == {f"./{archive.name}", f"./{archive.name}.prov", *(f"sbom/{name}.spdx.json" for name in IMAGES)}


def test_an_image_that_is_not_there_is_named(listed: Mapping[str, str]) -> None:
    refused = release(TAG="0.0.0-nowhere")
    assert refused.returncode == 1
    assert "pigeonhole/predictor:0.0.0-nowhere cannot be read" in refused.stderr


def test_a_list_of_another_image_is_refused(listed: Mapping[str, str]) -> None:
    file = ROOT / "build" / "sbom" / "operator.spdx.json"
    before = file.read_bytes()
    file.write_bytes((ROOT / "build" / "sbom" / "mlflow.spdx.json").read_bytes())
    try:
        refused = release()
    finally:
        file.write_bytes(before)
    assert refused.returncode == 1
    assert "operator.spdx.json is of another operator" in refused.stderr


def test_a_wrong_passphrase_is_said(listed: Mapping[str, str], key: Key, tmp_path: Path) -> None:
    wrong = tmp_path / "passphrase"
    wrong.write_text("another one")
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], env={**os.environ, "GNUPGHOME": str(key.home)}, check=True)
    refused = release(
        SIGNING_KEY="releases@pigeonhole.test", SIGNING_PASSPHRASE_FILE=str(wrong), GNUPGHOME=str(key.home)
    )
    assert refused.returncode == 1
    assert "Bad passphrase" in refused.stderr
