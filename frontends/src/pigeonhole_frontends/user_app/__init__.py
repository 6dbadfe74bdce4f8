"""The user app: clerks upload documents, watch their jobs, and review what the model is unsure of."""

from pathlib import Path


def main_path() -> Path:
    """Return the script that Streamlit runs."""
    return Path(__file__).with_name("main.py")
