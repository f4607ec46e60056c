"""What goes wrong, as exceptions: each is a forewarn.Error and the built-in a caller would expect.

The message is the sentence the command line would print: what is wrong, where, and what to do.
"""

from __future__ import annotations

__all__ = [
    "Busy", "Error", "Exists", "GateFailed", "Internal", "InvalidInput", "IoFailed", "NotFound", "Unavailable",
    "from_status",
]


class Error(Exception):
    """The base of all. `faults` names every fault of a request: (JSON pointer, detail)."""

    def __init__(self, message: str, faults: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults or []

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return self.message

    def __reduce__(self):
        return type(self), (self.message, self.faults)


class InvalidInput(Error, ValueError):
    """A value, a shape or a file that cannot be taken."""


class NotFound(Error, KeyError):
    """A name that does not exist; the message lists those that do."""


class Exists(Error, ValueError):
    """A name that is taken."""


class IoFailed(Error, OSError):
    """The system said no: permission, disk full, unreadable."""


class Busy(Error, RuntimeError):
    """Another process holds it."""


class GateFailed(Error, ValueError):
    """A validation gate failed."""


class Unavailable(Error, RuntimeError):
    """No model, or a server away."""


class Internal(Error, RuntimeError):
    """A bug of ours."""


_CLASSES = {
    "invalid": InvalidInput, "usage": InvalidInput, "not found": NotFound, "exists": Exists, "io": IoFailed,
    "busy": Busy, "gate": GateFailed, "unavailable": Unavailable, "internal": Internal,
}


def from_status(code: str, message: str, faults: list[tuple[str, str]]) -> Error:
    """The exception of a failure of the native libraries."""
    return _CLASSES.get(code, Internal)(message, faults)
