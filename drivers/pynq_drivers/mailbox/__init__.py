"""Mailbox (AMD PG114): words between two processors."""
