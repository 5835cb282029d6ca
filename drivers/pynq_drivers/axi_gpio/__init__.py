"""AXI GPIO (AMD PG144): two banks of up to 32 wires."""
