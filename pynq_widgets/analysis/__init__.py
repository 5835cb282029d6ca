"""What is in these numbers: numpy in, small arrays out. It knows no buffer, no device and no widget."""
