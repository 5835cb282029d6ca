"""DFX Decoupler (AMD PG375)."""
