// Pictures that are there before they are wanted.

const AHEAD = 4; // so many of the next pairs' pictures
const pictures = new Map(); // id -> promise of its address, decoded

export function loaded(id) {
  if (!pictures.has(id)) {
    const image = new Image();
    image.src = `picture/${id}.png`;
    const ready = image.decode().then(() => image.src);
    ready.catch(() => pictures.delete(id)); // a failed one must not stay failed
    pictures.set(id, ready);
  }
  return pictures.get(id);
}

/** The ids of all pictures that a trial shows. */
export const shownIn = (trial) => [trial.left, trial.right, trial.source, trial.reference, trial.mask].filter(Boolean);

/** Loads what the next pairs of these trials show. */
export function lookAhead(trials) {
  const coming = trials.filter((trial) => !trial.answered);
  const showings = [...new Set(coming.map((trial) => trial.showing))].slice(0, AHEAD);
  for (const trial of coming) {
    if (showings.includes(trial.showing)) shownIn(trial).forEach((id) => loaded(id).catch(() => {}));
  }
}
