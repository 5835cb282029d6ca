"""The error of commands."""


class CommandError(Exception):
    """What a person is told instead of a traceback."""
