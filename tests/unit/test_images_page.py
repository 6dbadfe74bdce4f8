"""docs/images.md and scripts/images name the same images with the same budgets."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "scripts" / "images").read_text()
PAGE = (ROOT / "docs" / "images.md").read_text()


def table(name: str) -> dict[str, str]:
    """Return a table of the script."""
    (content,) = re.findall(rf"declare -A {name}=\((.*?)\)", SCRIPT, re.DOTALL)
    return dict(re.findall(r"\[([\w-]+)\]=(\S+)", content))


def test_every_image_of_the_product_is_on_the_page_with_its_budget() -> None:
    product = {name: f"{budget} MB" for name, budget in table("budget").items() if not name.startswith("e2e-")}
    rows = [
        [cell.strip() for cell in line.split("|")] for line in PAGE.splitlines() if line.startswith("| `pigeonhole/")
    ]
    assert {row[1].strip("`").removeprefix("pigeonhole/"): row[5] for row in rows} == product
    assert {row[2].strip("`/") for row in rows} == {table("folder")[name] for name in product}
    listed = subprocess.run([ROOT / "scripts" / "images", "--list"], capture_output=True, text=True, check=True).stdout
    assert set(listed.split()) == set(product)


@pytest.mark.parametrize("name", table("folder"))
def test_every_image_has_a_dockerfile_from_the_one_base(name: str) -> None:
    text = (ROOT / table("folder")[name] / "Dockerfile").read_text()
    bases = {line.split()[1] for line in text.splitlines() if line.startswith("FROM ")}
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE))
    assert bases - stages <= {"debian:bookworm-slim", "${SERVER}"}
    assert re.search(r"^USER (1000|10001):", text, re.MULTILINE)
