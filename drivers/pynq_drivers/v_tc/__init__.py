"""Video Timing Controller (AMD PG016): measures the timing of a picture, or makes it."""
