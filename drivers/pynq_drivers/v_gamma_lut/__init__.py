"""Gamma LUT (AMD PG285)."""
