"""DFX AXI Shutdown Manager (AMD PG377), once PR AXI Shutdown Manager (PG305): ends all traffic before logic is replaced."""
