"""Rows of the database as values, a module a table; every function takes the caller's transaction."""
