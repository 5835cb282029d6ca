"""Cores that MathWorks' HDL Coder made: what all of them have."""
