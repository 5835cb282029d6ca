"""XADC Wizard (AMD PG091): temperature and voltages of a 7 series device."""
