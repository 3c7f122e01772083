"""What people are told of any error: one true sentence, with a number of the log if nobody expected it."""

import errno
import logging
import uuid
from contextlib import suppress

from refedit.errors import EditError, Stopped

log = logging.getLogger(__name__)

NO_MEMORY = "The device ran out of memory. Try again with fewer steps or a smaller model."
NO_SPACE = "The server's disk is full, so nothing can be written there. Try again in a few minutes."
ENDED = "The edit was stopped."
MARK = "refedit_number"
"""Under this name an error holds its number, so that whoever meets it next tells the same."""


def said_of(error: BaseException) -> str:
    """The sentence for a person; the log has what is unexpected, under the number that the sentence names."""
    if isinstance(error, EditError):
        return str(error)
    if isinstance(error, Stopped):
        return ENDED
    mark = getattr(error, MARK, "") or _logged(error)
    if out_of_memory(error):
        return NO_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NO_SPACE
    return f"An unexpected error has happened (number {mark}, see the server's log). Try again."


def _logged(error: BaseException) -> str:
    """Logs an error; its number."""
    mark = uuid.uuid4().hex[:6]
    log.error("error %s", mark, exc_info=error)
    with suppress(AttributeError):
        setattr(error, MARK, mark)
    return mark


def out_of_memory(error: BaseException) -> bool:
    """True if a device's memory ran out: a GPU's, or the machine's own, of which torch speaks in words only."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
