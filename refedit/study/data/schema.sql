-- One study in one file. Laws: an answer is stored once (its trial is its key) and never changed; what a person does
-- goes with the person; names of recruiters' people, addresses and browsers are not here at all.
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    definition TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    salt BLOB NOT NULL,
    version TEXT NOT NULL,
    model TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;

CREATE TABLE pair (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('pair', 'check')),
    "case" TEXT NOT NULL,
    prompt TEXT NOT NULL,
    first_arm TEXT NOT NULL,
    second_arm TEXT NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    source TEXT NOT NULL,
    reference TEXT,
    mask TEXT,
    expected TEXT CHECK (expected IN ('first', 'second'))
) STRICT;

-- `token` and `outside` are HMACs of what the person holds, and of the recruiter's name for the person.
CREATE TABLE participant (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL UNIQUE,
    token TEXT NOT NULL UNIQUE,
    outside TEXT UNIQUE,
    source TEXT NOT NULL CHECK (source IN ('prolific', 'link', 'test')),
    seed INTEGER NOT NULL,
    consent TEXT NOT NULL,
    pictures INTEGER NOT NULL CHECK (pictures IN (0, 1)),
    consented REAL NOT NULL,
    finished REAL,
    ended_as TEXT CHECK (ended_as IN ('completed'))
) STRICT;

-- Tokens that the person held before going on elsewhere.
CREATE TABLE former_token (
    token TEXT PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participant ON DELETE CASCADE
) STRICT;

CREATE TABLE trial (
    id INTEGER PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participant ON DELETE CASCADE,
    position INTEGER NOT NULL,
    showing INTEGER NOT NULL,
    pair TEXT NOT NULL REFERENCES pair,
    question TEXT NOT NULL,
    left TEXT NOT NULL CHECK (left IN ('first', 'second')),
    repeats INTEGER REFERENCES trial ON DELETE CASCADE,
    UNIQUE (participant, position)
) STRICT;
CREATE INDEX trial_pair ON trial (pair);
CREATE INDEX trial_repeats ON trial (repeats);

CREATE TABLE answer (
    trial INTEGER PRIMARY KEY REFERENCES trial ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'none')),
    ms INTEGER NOT NULL,
    hidden_ms INTEGER NOT NULL,
    first_key_ms INTEGER,
    stored REAL NOT NULL
) STRICT;

-- A person may go back once per question: what was said first stays beside it. A table of its own, though its columns
-- are those of `answer`: so keys alone say that there is one change at most, and none without an answer.
CREATE TABLE answer_change (
    trial INTEGER PRIMARY KEY REFERENCES answer ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'none')),
    ms INTEGER NOT NULL,
    hidden_ms INTEGER NOT NULL,
    first_key_ms INTEGER,
    stored REAL NOT NULL
) STRICT;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participant ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('blur', 'reload', 'run', 'stop', 'fail')),
    position INTEGER,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_participant ON event (participant);

-- An edit of a live study, one row an arm; pictures are PNGs and only there with a second consent.
CREATE TABLE live_edit (
    id INTEGER PRIMARY KEY,
    participant INTEGER NOT NULL REFERENCES participant ON DELETE CASCADE,
    uuid TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    showing INTEGER NOT NULL,
    arm TEXT NOT NULL,
    request TEXT NOT NULL,
    seconds REAL NOT NULL,
    rows INTEGER NOT NULL,
    failed TEXT NOT NULL,
    source BLOB,
    result BLOB
) STRICT;
CREATE INDEX live_edit_participant ON live_edit (participant);

CREATE TABLE tally (
    what TEXT PRIMARY KEY CHECK (what IN ('refused', 'screened', 'withdrawn')),
    count INTEGER NOT NULL
) STRICT;

-- What a bucket does not have yet, person by person; and what it must not have any more.
CREATE TABLE unshipped (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant INTEGER NOT NULL REFERENCES participant ON DELETE CASCADE,
    line TEXT NOT NULL
) STRICT;
CREATE INDEX unshipped_participant ON unshipped (participant);

CREATE TABLE unforgotten (
    person TEXT PRIMARY KEY
) STRICT;
