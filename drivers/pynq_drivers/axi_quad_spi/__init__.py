"""AXI Quad SPI (AMD PG153)."""
