"""Arms: what is compared, as a name and everything that decides its results."""

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from PIL import Image

from refedit.bench.experiment.cases import Case, Place, placed
from refedit.bench.experiment.painting import Painting
from refedit.diffusion.backbone import Backbone
from refedit.imaging.images import to_image, to_tensor
from refedit.methods import Method, SpecRef


@runtime_checkable
class Bound(Protocol):
    """Makes a result from a case's source and true result."""

    def picture(self, model: Backbone, source: Image.Image, truth: Image.Image) -> Image.Image: ...


@dataclass(frozen=True)
class SourceUnchanged:
    """No edit at all."""

    def picture(self, model: Backbone, source: Image.Image, truth: Image.Image) -> Image.Image:
        return source


@dataclass(frozen=True)
class SourceRoundTrip:
    """The source through the VAE: no latent edit keeps more of it."""

    def picture(self, model: Backbone, source: Image.Image, truth: Image.Image) -> Image.Image:
        return round_trip(model, source)


@dataclass(frozen=True)
class TruthRoundTrip:
    """The true result through the VAE: the best that a latent edit can be."""

    def picture(self, model: Backbone, source: Image.Image, truth: Image.Image) -> Image.Image:
        return round_trip(model, truth)


def round_trip(model: Backbone, picture: Image.Image) -> Image.Image:
    """A picture of the model's size, encoded and decoded."""
    return to_image(model.decode(model.encode(to_tensor(picture)))[0])


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A method, or a bound, and how a case is put before it.

    `painting` says where the masks come from. With `paste` the result is what a user gets, pasted into the painted
    region. `alone`: without what earlier edits have left in memory, so that rows and
    seconds are those of a first edit. `place` moves the reference's subject.
    """

    name: str
    method: Method | Bound
    painting: Painting = Painting.TRUE
    paste: bool = False
    alone: bool = False
    place: Place | None = None

    @property
    def key(self) -> str:
        """Equal for arms that do the same, whatever their names."""
        return repr(replace(self, name=""))

    def painted(self, painting: Painting) -> "Arm":
        """The same with masks of another origin, which its name tells."""
        return replace(self, name=f"{self.name}, {painting} masks", painting=painting)

    def case(self, case: Case) -> Case:
        """The case as this arm sees it."""
        return case if self.place is None else placed(case, self.place)

    def method_for(self, case: Case) -> Method | Bound:
        """The method, told by word which subject is meant where no region says so."""
        if self.painting is not Painting.WORDS or not isinstance(self.method, SpecRef):
            return self.method
        target, source = case.result.subjects[0].kind, case.source.subjects[0].kind
        return replace(self.method, words=target, blend_words=target, blend_source_words=source)
