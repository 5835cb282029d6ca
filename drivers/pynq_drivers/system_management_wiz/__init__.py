"""System Management Wizard (AMD PG185): temperature and voltages of an UltraScale or UltraScale+ device."""
