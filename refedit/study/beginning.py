"""What `study init` writes: a study.yaml that runs as it stands, and a consent text to be completed."""

from collections.abc import Iterator
from pathlib import Path

from refedit.errors import EditError
from refedit.study.data.definition import FILE, Definition

BEGINNING = """\
# A study of RefEdit; refedit/study/README.md describes every key.
v: 1
name: {name}
title: Which edit is better?    # participants read it
consent: consent.md             # what they agree to; write your own
contact: someone@example.org

# What is compared: methods with presets and settings, comparison methods of the benchmark (prompt-to-prompt,
# null-text, masactrl, imagic, plain-ddim, source), or a folder of pictures made elsewhere.
arms:
  specref: {{method: specref, preset: recommended}}
  words: {{bench: prompt-to-prompt}}

# On what: drawn cases whose true result is known, RefEdit's examples ({{from: examples}}), or own pictures
# ({{from: folder, folder: cases}}).
cases: {{from: bench, set: test, kind: reference, numbers: 0-23}}

questions:
  - id: like
    text: "Which result looks more like the reference?"
  - id: keep
    text: "Which result keeps the rest of the picture better?"
no_preference: true

# What a person does: so many pairs, each with all questions; pairs whose answer is known; pairs shown again.
trials: 24
checks: 3
repeats: 2
minimum_ms: 500

# With Prolific, name the secrets that hold its completion codes:
# recruit: {{prolific: {{completed: STUDY_DONE, refused: STUDY_REFUSED, screened: STUDY_SCREENED}}}}
# people: 40                    # then the study is full
# On a Space, whose disk forgets, keep answers in a private storage bucket:
# ship: {{bucket: OWNER/NAME, every: 20s}}
"""

CONTACT, WHO = "someone@example.org", "NAME, INSTITUTION"
CONSENT = """\
# Which edit is better?

We want to know which of two edited pictures people prefer. You will see about 30 pairs of edited pictures and answer \
two short questions about each. This takes about 15 minutes.

**Who asks.** NAME, INSTITUTION. You can write to us: someone@example.org.

**What we keep.** Your choices, how long each took, and when you looked away from the page. We keep no name, no \
network address and nothing about your browser. If a recruiter such as Prolific sent you, its number for you is kept \
only as a code that cannot be turned back. Whoever runs the server, such as Hugging Face, may log visits as usual.

**How long, and what for.** Your answers are analysed together with others', and may be published as a table without \
anything about you. We delete the originals after ten years.

**You are free.** Taking part is voluntary. You can stop at any time, and you can withdraw at any time, even later, \
with a link that you get at the end: then all that you said is deleted.

You need to be 18 or older to take part.
"""


def left_to_write(definition: Definition, consent: str) -> Iterator[str]:
    """What nobody has put in the place of what `study init` wrote, in words that may follow "says still"."""
    if definition.contact == CONTACT or CONTACT in consent:
        yield CONTACT
    if WHO in consent:
        yield WHO


def write_beginning(folder: Path) -> Iterator[Path]:
    """Writes both files into a folder, made if it is not there; EditError if it has a study already."""
    if (folder / FILE).exists():
        raise EditError(f"There is a study in '{folder}' already. Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise EditError(f"'{folder}' is a file. Choose another folder.") from None
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in folder.resolve().name.lower())
    texts = {FILE: BEGINNING.format(name=name.strip("-")[:40] or "study"), "consent.md": CONSENT}
    for file, text in texts.items():
        if not (folder / file).exists():
            (folder / file).write_text(text, "utf-8")
            yield folder / file
