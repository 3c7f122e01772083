"""What people are told of any error: one true sentence, with a number of the log if nobody expected it."""

import errno
import logging
import time
import traceback
import uuid
from contextlib import suppress

from refedit.errors import EditError, Stopped

log = logging.getLogger(__name__)

NO_MEMORY = "The device ran out of memory. Try again with fewer steps or a smaller model."
NO_SPACE = "The server's disk is full, so nothing can be written there. Try again in a few minutes."
ENDED = "The edit was stopped."
MARK = "refedit_number"
"""Under this name an error holds its number, so that whoever meets it next tells the same."""

BRIEF_FOR = 60.0
"""Seconds for which an error of the same kind and place is one line in the log: strangers may cause it without end."""
_told: dict[str, float] = {}


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
    mark, where, now = uuid.uuid4().hex[:6], _where(error), time.monotonic()
    if where and now - _told.get(where, -BRIEF_FOR) < BRIEF_FOR:
        log.error("error %s: again %s", mark, where)
    else:
        _told[where] = now
        log.error("error %s", mark, exc_info=error)
    with suppress(AttributeError):
        setattr(error, MARK, mark)
    return mark


def _where(error: BaseException) -> str:
    """The kind of an error and the line that raised it; "" if nothing has."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    return f"{type(error).__name__} at {frames[0].filename}:{frames[0].lineno}" if frames else ""


def out_of_memory(error: BaseException) -> bool:
    """True if a device's memory ran out: a GPU's, or the machine's own, of which torch speaks in words only."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
