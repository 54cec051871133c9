-- The twin of this file is in ../postgres; a test compares the two schemas.
-- Where agents were: one row for each change; a state ends where the next of its agent begins.
CREATE TABLE agent_states (
    id         INTEGER PRIMARY KEY,
    agent      TEXT    NOT NULL,
    state      TEXT    NOT NULL,                       -- offline, available, offered, on_call, wrap_up, not_ready
    reason     TEXT    NOT NULL,
    call_id    TEXT,
    changed_by TEXT    NOT NULL,                       -- daemon, phone, or a token's name
    began_at   INTEGER NOT NULL,
    UNIQUE (agent, began_at, state, reason)
) STRICT;
CREATE INDEX agent_states_of_agent ON agent_states (agent, id);
CREATE INDEX agent_states_began ON agent_states (began_at);
