"""The one exception whose message is written for the person at the page or the command line."""


class EditError(Exception):
    """Says in one sentence what is wrong with a request and what to do; shown to the user as it is."""


class Stopped(Exception):
    """Raised inside an edit before the next UNet call once its cancel flag is set."""
