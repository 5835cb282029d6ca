"""AXI VDMA: pictures between memory and AXI4-Stream (AMD PG020)."""
