"""Mutex (AMD PG117): locks between processors."""
