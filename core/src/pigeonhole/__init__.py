"""Pigeonhole: the parts that every room shares."""
