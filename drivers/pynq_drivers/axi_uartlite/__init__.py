"""AXI UART Lite (AMD PG142)."""
