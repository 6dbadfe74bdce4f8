"""Alembic's migrations of the platform's database."""
