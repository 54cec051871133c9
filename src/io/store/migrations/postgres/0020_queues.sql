-- The twin of this file is in ../sqlite; a test compares the two schemas.
-- How long each caller waited in a queue, and for whom (TKT-45).
CREATE TABLE queue_waits (
    call_id   TEXT COLLATE "C" PRIMARY KEY,
    queue     TEXT    NOT NULL,                        -- the last one
    fate      TEXT    NOT NULL,                        -- answered, abandoned, overflowed, promised_callback
    agent     TEXT    NOT NULL,                        -- who answered; empty for nobody
    came_at   BIGINT NOT NULL,
    waited_ms BIGINT NOT NULL
);
CREATE INDEX queue_waits_came ON queue_waits (came_at);

-- Callbacks that keep the place of a caller.
CREATE TABLE queue_callbacks (
    call_id     TEXT COLLATE "C" PRIMARY KEY,                   -- the call that asked for it
    queue       TEXT    NOT NULL,
    phone       TEXT    NOT NULL,
    caller      TEXT    NOT NULL,                      -- JSON: priority, skills, language, ...
    joined_at   BIGINT NOT NULL,                      -- the place in the line
    until_at    BIGINT NOT NULL,                      -- given up then
    attempts    BIGINT NOT NULL,                      -- calls that came to nothing
    rests_until BIGINT,
    fate        TEXT,                                  -- reached, given_up, came_back, cancelled; NULL: it lives
    ended_at    BIGINT
);
CREATE INDEX queue_callbacks_phone ON queue_callbacks (phone);
CREATE INDEX queue_callbacks_live ON queue_callbacks (joined_at) WHERE fate IS NULL;

-- What the other side was told of the recording, and what it said by key.
ALTER TABLE calls ADD COLUMN announced_at BIGINT;
ALTER TABLE calls ADD COLUMN consent      TEXT;                                  -- accepted, refused; NULL: not asked
ALTER TABLE calls ADD COLUMN consent_at   BIGINT;

-- Calls of the robot to departments about their tickets, answered by keys.
CREATE TABLE department_calls (
    call_id    TEXT COLLATE "C" PRIMARY KEY,
    ticket_id  BIGINT NOT NULL REFERENCES tickets (id),
    department TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX department_calls_ticket ON department_calls (ticket_id);
