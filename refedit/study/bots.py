"""Made-up people with planted tastes who take part as browsers do: through HTTP, with faults on the way.

They know from the study's folder which arm a picture is from, which a browser cannot know.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx  # a requirement of gradio
import numpy as np

from refedit.errors import EditError
from refedit.study.analysis.planted import Planted, Tastes, scores
from refedit.study.data.pairs import Built, Pair, PairKind
from refedit.study.data.said import Choice

TOO_FAST = 429
"""The status of a server that has had too many requests from one address, as those of a whole crowd are."""
PATIENCE = 60.0
"""Seconds for which a bot goes on asking a server that is gone."""
_CHOICES = {1.0: Choice.LEFT, 0.0: Choice.RIGHT, 0.5: Choice.NONE}


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares of votes that are sent twice, or followed by another choice; and of careful people's checks gone wrong."""

    twice: float = 0.2
    contradicted: float = 0.1
    slips: float = 0.02


@dataclass(kw_only=True)
class Sent:
    """What came of a bot's messages: votes acknowledged, resends that did nothing, contradictions that were refused."""

    person: int
    acknowledged: int = 0
    resent: int = 0
    refused: int = 0
    finished: bool = False
    choices: dict[int, Choice] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """All made-up people of a study with their tastes."""

    planted: Planted
    faults: Faults
    tastes: Tastes
    pairs: Mapping[frozenset[str], Pair]
    """By the two pictures that are shown."""
    cases: Mapping[str, int]
    seed: int

    @classmethod
    def of(cls, built: Built, planted: Planted, people: int, faults: Faults | None = None, seed: int = 0) -> "Crowd":
        cases = {case: place for place, case in enumerate(dict.fromkeys(pair.case for pair in built.pairs))}
        return cls(
            planted=planted,
            faults=faults or Faults(),
            tastes=Tastes.drawn(planted, people, len(cases), np.random.default_rng(seed)),
            pairs={frozenset((pair.first, pair.second)): pair for pair in built.pairs},
            cases=cases,
            seed=seed,
        )

    def take_part(self, person: int, address: str) -> Sent:
        """One person's whole study. EditError if the server refuses what a browser would send."""
        rng, sent = np.random.default_rng((self.seed, person)), Sent(person=person)
        with Visit(address) as visit:
            told = visit.ask("study")
            # With a name of its own a bot whose answer was lost goes on instead of beginning anew.
            start = {"consent": told["consent_sha256"], "outside": f"bot {self.seed} {person}"}
            visit.token = visit.ask("start", start)["token"]
            trials = visit.ask("session")["trials"]
            times = self._times(person, len(trials), told["minimum_ms"], rng)
            for trial, choice, ms in zip(trials, self._choices(person, trials, rng), times, strict=True):
                said = allowed(choice, told["no_preference"], rng)
                self._vote(visit, sent, trial["position"], said, int(ms), rng)
            visit.ask("finish", {})
        sent.finished = True
        return sent

    def _choices(self, person: int, trials: Sequence[Mapping[str, Any]], rng: np.random.Generator) -> list[Choice]:
        pairs = [self.pairs[frozenset((trial["left"], trial["right"]))] for trial in trials]
        first_left = [trial["left"] == pair.first for trial, pair in zip(trials, pairs, strict=True)]
        sides = [self._sides(pair, left) for pair, left in zip(pairs, first_left, strict=True)]
        left, right = np.array(sides).T
        cases = np.array([self.cases[pair.case] for pair in pairs])
        people = np.full(len(trials), person)
        liked = scores(self.planted, self.tastes, people, cases, left, right, rng)
        for place, (pair, is_left) in enumerate(zip(pairs, first_left, strict=True)):
            if pair.kind is PairKind.CHECK and not self.tastes.careless[person]:
                right_answer = (pair.expected == "first") == is_left
                liked[place] = float(right_answer != (rng.random() < self.faults.slips))
        return [_CHOICES[float(score)] for score in liked]

    def _sides(self, pair: Pair, first_left: bool) -> tuple[int, int]:
        """The arms that stand left and right, as places; of a check any."""
        if pair.kind is PairKind.CHECK:
            return 0, 0
        first, second = (self.planted.arms.index(arm) for arm in (pair.first_arm, pair.second_arm))
        return (first, second) if first_left else (second, first)

    def _times(self, person: int, count: int, least: int, rng: np.random.Generator) -> np.ndarray:
        """Milliseconds: about 3 s, of careless people hardly more than the least that counts."""
        if self.tastes.careless[person]:
            return least + 1 + rng.integers(0, 300, count)
        return np.maximum(least + 1, rng.lognormal(np.log(3000), 0.5, count))

    def _vote(
        self, visit: "Visit", sent: Sent, position: int, choice: Choice, ms: int, rng: np.random.Generator
    ) -> None:
        answer = {"position": position, "uuid": str(uuid.uuid4()), "choice": choice, "ms": ms}
        visit.ask("answer", {"answer": answer})
        sent.acknowledged += 1
        sent.choices[position] = choice
        if rng.random() < self.faults.twice:
            visit.ask("answer", {"answer": answer})
            sent.resent += 1
        if rng.random() < self.faults.contradicted:
            other = Choice.RIGHT if choice is Choice.LEFT else Choice.LEFT
            another = answer | {"uuid": str(uuid.uuid4()), "choice": other}
            status, _ = visit.send("answer", {"answer": another})
            sent.refused += status == 409


def allowed(choice: Choice, no_preference: bool, rng: np.random.Generator) -> Choice:
    """The choice, or any side for no preference where that cannot be said."""
    if choice is not Choice.NONE or no_preference:
        return choice
    return Choice.LEFT if rng.random() < 0.5 else Choice.RIGHT


class Visit:
    """One person's connection to the study, which outlives a server that is gone for a while."""

    def __init__(self, address: str) -> None:
        self.token, self._client = "", httpx.Client(base_url=address, timeout=30, trust_env=False)

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *raised: object) -> None:
        self._client.close()

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer; EditError if the server refuses."""
        status, told = self.send(path, body)
        if status >= 300:
            raise EditError(f"The study's server refused '{path}' ({status}): {told.get('error', 'no reason')}")
        return told

    def send(self, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and answer; asks again while there is none or it has too much to do, as a browser's outbox does."""
        until = time.monotonic() + PATIENCE
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        while True:
            try:
                method = "GET" if body is None else "POST"
                answer = self._client.request(method, f"api/{path}", json=body, headers=headers)
                if (answer.status_code < 500 and answer.status_code != TOO_FAST) or time.monotonic() > until:
                    return answer.status_code, answer.json()
            except (httpx.TransportError, ValueError):
                if time.monotonic() > until:
                    raise EditError("The study's server does not answer.") from None
            time.sleep(0.1)
