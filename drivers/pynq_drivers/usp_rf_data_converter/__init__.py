"""Zynq UltraScale+ RF Data Converter (AMD PG269): RF-ADC and RF-DAC tiles."""
