"""The script of the user app: its menu."""

from pathlib import Path

from pigeonhole_frontends.app_session import open_app
from pigeonhole_frontends.app_session.frame import ScreenEntry
from pigeonhole_frontends.user_app.addresses import REVIEW_PATH

_SCREENS = Path(__file__).parent / "screens"

if __name__ == "__main__":
    open_app(
        [
            ScreenEntry(_SCREENS / "upload.py", "upload.title", ":material/upload_file:"),
            ScreenEntry(_SCREENS / "jobs.py", "jobs.title", ":material/list_alt:", "jobs"),
            ScreenEntry(_SCREENS / "job.py", "job.title", ":material/folder_open:", "job", hidden=True),
            ScreenEntry(_SCREENS / "review.py", "review.title", ":material/rule:", REVIEW_PATH),
            ScreenEntry(_SCREENS / "blind.py", "blind.title", ":material/visibility_off:", "blind-check"),
        ]
    )
