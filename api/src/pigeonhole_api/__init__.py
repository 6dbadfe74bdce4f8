"""The platform API, its worker and its client."""
