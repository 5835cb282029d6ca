"""AXI Timer (AMD PG079): one or two counters."""
