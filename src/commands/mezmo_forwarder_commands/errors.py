"""What ends a command."""


class CommandError(Exception):
    """The command cannot do what it was asked for; the text says what, its value, and the remedy."""
