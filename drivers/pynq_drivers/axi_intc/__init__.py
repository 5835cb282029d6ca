"""AXI Interrupt Controller (AMD PG099)."""
