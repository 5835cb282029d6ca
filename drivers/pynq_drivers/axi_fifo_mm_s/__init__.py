"""AXI4-Stream FIFO (AMD PG080): packets of a stream, word by word."""
