"""What a browser session of either app holds: its settings, its client of the API, its language."""

from pigeonhole_frontends.app_session.frame import open_app, show_screen
from pigeonhole_frontends.app_session.language import session_language
from pigeonhole_frontends.app_session.platform import image_url, model_in_use, platform
from pigeonhole_frontends.app_session.settings import AppSettings

__all__ = ["AppSettings", "image_url", "model_in_use", "open_app", "platform", "session_language", "show_screen"]
