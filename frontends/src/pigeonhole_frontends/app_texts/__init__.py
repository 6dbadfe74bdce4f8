"""The texts of both apps, one catalog a language; a text is found by its key and filled in by `str.format`."""

from collections.abc import Mapping

from pigeonhole_frontends.app_texts.admin_en import ADMIN_EN
from pigeonhole_frontends.app_texts.admin_fr import ADMIN_FR
from pigeonhole_frontends.app_texts.platform_en import PLATFORM_EN
from pigeonhole_frontends.app_texts.platform_fr import PLATFORM_FR
from pigeonhole_frontends.app_texts.user_en import USER_EN
from pigeonhole_frontends.app_texts.user_fr import USER_FR

CATALOGS: Mapping[str, Mapping[str, str]] = {
    "en": {**PLATFORM_EN, **USER_EN, **ADMIN_EN},
    "fr": {**PLATFORM_FR, **USER_FR, **ADMIN_FR},
}
"""Catalogs by language code; every one has the same keys with the same values to fill in."""
