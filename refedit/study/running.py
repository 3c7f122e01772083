"""A study that is being served: its definition, pictures, answers, bucket, and its ways out."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refedit.errors import EditError
from refedit.study.data.definition import Definition, read_consent, read_definition
from refedit.study.data.pairs import read_built
from refedit.study.data.store import Store
from refedit.study.data.tables import FILE
from refedit.study.ship import Bucket, HubBucket, Shipper

ADMIN = "REFEDIT_STUDY_ADMIN"
SHORTEST_ADMIN = 16
PROLIFIC = "https://app.prolific.com/submissions/complete?cc="


@dataclass(frozen=True, kw_only=True)
class Exits:
    """Where people go when they are done, do not agree, or are too many; "" is nowhere."""

    completed: str = ""
    refused: str = ""
    screened: str = ""


@dataclass(frozen=True, kw_only=True)
class Study:
    """All that the server needs; `admin` is the token of the researcher, "" if there is no export by HTTP."""

    folder: Path
    definition: Definition
    consent: str
    store: Store
    exits: Exits
    admin: str
    shipper: Shipper | None

    @property
    def consent_sha256(self) -> str:
        """Of the text that people agree to: kept with each of them."""
        return hashlib.sha256(self.consent.encode()).hexdigest()

    def close(self) -> None:
        """Ships what is left."""
        if self.shipper:
            self.shipper.stop()


def open_study(folder: Path, environment: Mapping[str, str] = os.environ, bucket: Bucket | None = None) -> Study:
    """The study of a folder, ready to be served.

    Raises EditError with what is missing: a definition, pictures, the consent text, a secret, the bucket. `bucket` is
    for tests; otherwise it is the one of the definition.
    """
    definition = read_definition(folder)
    exits, admin = exits_of(definition, environment), environment.get(ADMIN, "")
    if admin and len(admin) < SHORTEST_ADMIN:
        raise EditError(f"{ADMIN} is too short to keep answers safe. Use {SHORTEST_ADMIN} characters or more.")
    consent = read_consent(folder, definition)
    store = Store(folder / FILE, definition, read_built(folder, definition))
    shipper = None
    if definition.ship:
        try:
            shipper = Shipper(store, bucket or HubBucket(definition.ship.bucket))
            shipper.start()
        except OSError as error:
            raise EditError(f"{error} Check its name, HF_TOKEN and the network.") from error
    return Study(
        folder=folder, definition=definition, consent=consent, store=store, exits=exits, admin=admin, shipper=shipper
    )


def exits_of(definition: Definition, environment: Mapping[str, str]) -> Exits:
    """The ways out, with the codes of Prolific; EditError if a secret is not set."""
    prolific = definition.recruit.prolific
    if prolific is None:
        return Exits(completed=definition.recruit.link)
    links = {}
    for way, secret in (
        ("completed", prolific.completed), ("refused", prolific.refused), ("screened", prolific.screened)
    ):  # fmt: skip
        if secret and not environment.get(secret):
            raise EditError(f"The environment variable {secret} is not set. It holds Prolific's code for '{way}'.")
        links[way] = PROLIFIC + environment[secret] if secret else ""
    return Exits(**links)
