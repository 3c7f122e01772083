"""How long visitors' pictures are kept, and how much room they get: said on the page, in README, and held here."""

from dataclasses import dataclass

KEEP = 3600.0
"""Seconds after which a visitor's file is gone, unless whoever runs the page chose another number."""
QUOTA = 2 << 30
"""Bytes that all visitors' files may take together."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is promised of visitors' files: `keep` in seconds, `quota` in bytes."""

    keep: float = KEEP
    quota: int = QUOTA

    @property
    def every(self) -> float:
        """Seconds between two looks at the folder, ten in all of a short time."""
        return min(10.0, self.keep / 10)

    @property
    def oldest(self) -> float:
        """The age in seconds at which a file is deleted, so that none is older than promised at the next look."""
        return self.keep - 5 * self.every

    @property
    def silent(self) -> float:
        """Seconds after which a server that says nothing counts as gone; others delete its files at their time then."""
        return 3 * self.every

    def in_words(self) -> str:
        """How long files are kept, as a person says it: "an hour", "30 minutes"."""
        for seconds, one, many in ((3600, "an hour", "hours"), (60, "a minute", "minutes"), (1, "a second", "seconds")):
            count = self.keep / seconds
            if count == 1:
                return one
            if count > 1:
                return f"{count:g} {many}"
        return f"{self.keep:g} seconds"
