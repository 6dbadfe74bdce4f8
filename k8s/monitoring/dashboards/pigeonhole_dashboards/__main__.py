"""Write every dashboard into a folder."""

import argparse
from pathlib import Path

from pigeonhole_dashboards.files import dashboard_files


def main() -> None:
    """Write the files, and say which."""
    parser = argparse.ArgumentParser(prog="pigeonhole_dashboards", description="Write Pigeonhole's Grafana dashboards.")
    parser.add_argument("folder", type=Path, help="Where the JSON files go.")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in dashboard_files().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
