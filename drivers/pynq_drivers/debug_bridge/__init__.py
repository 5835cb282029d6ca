"""Debug Bridge (AMD PG245)."""
