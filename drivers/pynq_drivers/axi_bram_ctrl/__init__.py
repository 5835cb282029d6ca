"""AXI BRAM Controller (AMD PG078): block RAM in the address map."""
