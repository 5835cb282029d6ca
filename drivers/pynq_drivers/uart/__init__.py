"""What serial ports have in common: frames, the line to the other end, a driver that is like a file, the terminal."""
