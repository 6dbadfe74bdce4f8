"""A typed, synchronous client of the platform's API."""

from pigeonhole_api.client.errors import ApiError
from pigeonhole_api.client.platform_client import PlatformClient
from pigeonhole_api.client.uploads import Upload

__all__ = ["ApiError", "PlatformClient", "Upload"]
