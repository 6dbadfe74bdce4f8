"""What is wrong with a running platform, as its callers see it."""

from pigeonhole_frontends.platform_diagnosis.outside import diagnose_platform

__all__ = ["diagnose_platform"]
