"""The commands that the pages tell people to type are ones that the chart takes."""

import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from .rendering import ROOT

pytestmark = pytest.mark.chart
PAGES = ("README.md", "docs/kubernetes.md")
INSTALL = re.compile(r"^helm install pigeonhole helm/pigeonhole (?:.*\\\n)*.*$", re.MULTILINE)
COMMANDS = [
    (page, found.replace("\\\n", " ")) for page in PAGES for found in INSTALL.findall((ROOT / page).read_text("utf-8"))
]


def test_each_page_says_how_to_install_it() -> None:
    assert {page for page, _ in COMMANDS} == set(PAGES)


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_of_a_page_renders(page: str, command: str) -> None:
    words = shlex.split(command)
    chosen = [f"{flag}={value}" for flag, value in pairwise(words) if flag == "--set"]
    template = ["helm", "template", *words[2:4], *chosen]
    done = subprocess.run(template, cwd=Path(ROOT), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "kind: Deployment" in done.stdout
