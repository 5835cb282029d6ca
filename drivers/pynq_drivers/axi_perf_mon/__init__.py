"""AXI Performance Monitor (AMD PG037): how much goes over buses, and how fast."""
