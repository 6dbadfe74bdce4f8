"""The promotion operator."""
