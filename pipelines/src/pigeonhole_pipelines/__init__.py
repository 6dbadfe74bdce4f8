"""The training pipeline and the ways to run it."""
