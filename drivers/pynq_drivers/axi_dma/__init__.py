"""AXI DMA (AMD PG021), direct register mode and scatter-gather."""
