"""The lexicon of the picture book: what each word of its captions says, and everyday words that mean the same."""

from refedit.diffusion.lexicon import Lexicon, WordClass
from refedit.picturebook.world import scene as world
from refedit.picturebook.world.captions import PLACES

SAME: dict[str, str] = {
    **dict.fromkeys(("kitten", "kitty", "tomcat"), "cat"),
    **dict.fromkeys(("puppy", "hound", "doggy"), "dog"),
    **dict.fromkeys(("bunny", "hare"), "rabbit"),
    **dict.fromkeys(("cup", "teacup"), "mug"),
    **dict.fromkeys(("automobile", "vehicle"), "car"),
    **dict.fromkeys(("cottage", "hut"), "house"),
    **dict.fromkeys(("ship", "sailboat"), "boat"),
    **dict.fromkeys(("toadstool", "fungus"), "mushroom"),
    **dict.fromkeys(("parasol", "brolly"), "umbrella"),
    **dict.fromkeys(("teddy",), "bear"),
    **dict.fromkeys(("grass", "lawn", "field"), "meadow"),
    **dict.fromkeys(("seaside", "shore", "sand"), "beach"),
    **dict.fromkeys(("ocean", "underwater"), "sea"),
    "woods": "forest",
    **dict.fromkeys(("snowy", "winter"), "snow"),
    "indoors": "room",
    **dict.fromkeys(("gray", "silver"), "grey"),
    **dict.fromkeys(("violet", "lilac"), "purple"),
    **dict.fromkeys(("stripes", "stripe", "stripy", "stripey"), "striped"),
    **dict.fromkeys(("dots", "dot", "dotty", "spots", "spotted", "spotty"), "dotted"),
    **dict.fromkeys(("checked", "checks", "chequered", "checkerboard"), "checkered"),
    **dict.fromkeys(("leaping", "leaps", "leap", "hopping", "hops", "hop"), "jumping"),
    **dict.fromkeys(("asleep", "lying", "dozing", "sleeps", "slept"), "sleeping"),
    **dict.fromkeys(("sat", "seated"), "sitting"),
    "stood": "standing",
    **dict.fromkeys(("happy", "smiles", "smile", "laughing", "cheerful"), "smiling"),
    **dict.fromkeys(("unhappy", "crying"), "sad"),
    **dict.fromkeys(("furious", "mad"), "angry"),
    **dict.fromkeys(("astonished", "amazed"), "surprised"),
    **dict.fromkeys(("tired", "drowsy"), "sleepy"),
    **dict.fromkeys(("watercolor", "watercolors", "watercolours", "aquarelle"), "watercolour"),
    **dict.fromkeys(("crayon", "pencils", "sketch"), "pencil"),
    **dict.fromkeys(("papercut", "cutout"), "paper"),
}
"""Words that people write, and the word of a caption that means the same; also verbs that are not regular."""


def lexicon() -> Lexicon:
    """The words that a caption can hold, as the model's folder lists them."""
    return Lexicon(
        classes={
            WordClass.THING: world.KINDS,
            WordClass.FEELING: world.EXPRESSIONS,
            WordClass.COLOUR: tuple(world.COLOURS),
            WordClass.PATTERN: world.PATTERNS,
            WordClass.DOING: world.POSES,
            WordClass.PLACE: world.BACKGROUNDS,
            WordClass.STYLE: world.STYLES,
        },
        places=PLACES,
        same=SAME,
        feels=(world.FACE,),
        does=world.ANIMALS,
        most=2,
    )
