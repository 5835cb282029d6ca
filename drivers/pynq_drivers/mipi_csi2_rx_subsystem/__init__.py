"""MIPI CSI-2 Receiver Subsystem (AMD PG232)."""
