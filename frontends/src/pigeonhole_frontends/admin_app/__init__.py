"""The admin app: examples of each class, corrections, trainings, models and the audit trail."""

from pathlib import Path


def main_path() -> Path:
    """Return the script that Streamlit runs."""
    return Path(__file__).with_name("main.py")
