"""The script of the admin app: its menu."""

from pathlib import Path

from pigeonhole_frontends.app_session import open_app
from pigeonhole_frontends.app_session.frame import ScreenEntry

_SCREENS = Path(__file__).parent / "screens"

if __name__ == "__main__":
    open_app(
        [
            ScreenEntry(_SCREENS / "classes.py", "classes.title", ":material/category:"),
            ScreenEntry(_SCREENS / "corrections.py", "corrections.title", ":material/fact_check:", "corrections"),
            ScreenEntry(_SCREENS / "train.py", "train.title", ":material/model_training:", "train"),
            ScreenEntry(_SCREENS / "runs.py", "runs.title", ":material/compare_arrows:", "runs"),
            ScreenEntry(_SCREENS / "audit.py", "audit.title", ":material/history:", "audit"),
        ]
    )
