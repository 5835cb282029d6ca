"""AXI CDMA (AMD PG034): copies from memory to memory."""
