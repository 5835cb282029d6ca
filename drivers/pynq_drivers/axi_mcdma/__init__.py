"""AXI MCDMA (AMD PG288): up to 16 channels each way through one stream, told apart by TDEST."""
