"""The cluster's API: what is read from it, what is written to it, and what is remembered of it."""
