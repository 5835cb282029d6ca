"""DFX Controller (AMD PG374)."""
