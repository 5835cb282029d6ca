"""Memories of a design: DDR4, DDR3, NoC and local memory, and what all of them share."""
