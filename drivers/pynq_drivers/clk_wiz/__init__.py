"""Clocking Wizard (AMD PG065): clocks of the frequencies that one asks for."""
