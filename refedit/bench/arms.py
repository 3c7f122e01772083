"""Arms: what is compared, as a name and everything that decides its results."""

from dataclasses import dataclass, replace

from refedit.bench.bounds import Bound
from refedit.bench.cases import Case
from refedit.bench.placing import Place, placed
from refedit.methods import Method, SpecRef


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A method, or a bound, and how a case is put before it.

    Without `painted` the words decide where SpecRef edits, as in the paper. With `paste` the result is what a user
    gets, pasted into the painted region. `alone`: without what earlier edits have left in memory, so that rows and
    seconds are those of a first edit. `place` moves the reference's subject.
    """

    name: str
    method: Method | Bound
    painted: bool = True
    paste: bool = False
    alone: bool = False
    place: Place | None = None

    @property
    def key(self) -> str:
        """Equal for arms that do the same, whatever their names."""
        return repr(replace(self, name=""))

    def case(self, case: Case) -> Case:
        """The case as this arm sees it."""
        return case if self.place is None else placed(case, self.place)

    def method_for(self, case: Case) -> Method | Bound:
        """The method, told by word which subject is meant where no region says so."""
        if self.painted or not isinstance(self.method, SpecRef):
            return self.method
        target, source = case.result.subjects[0].kind, case.source.subjects[0].kind
        return replace(self.method, words=target, blend_words=target, blend_source_words=source)
