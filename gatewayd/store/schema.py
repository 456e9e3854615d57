"""The SQLite schema and its migrations. Each entry brings the version before it to its own."""

import sqlite3
from typing import Final

from gatewayd.errors import StoreError

_V1: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY, route TEXT NOT NULL, class TEXT NOT NULL, client TEXT NOT NULL,
    brand TEXT NOT NULL, UNIQUE (route, class, client, brand)
);
-- stage is model.Stage; content is model.Content as msgpack, error model.Failure as JSON; times in ms
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, stage INTEGER NOT NULL, content BLOB NOT NULL,
    due INTEGER, changed_at INTEGER NOT NULL, segments INTEGER NOT NULL, link TEXT,
    attempts INTEGER NOT NULL, resent INTEGER NOT NULL, reference INTEGER, reason TEXT,
    until INTEGER, error TEXT, number TEXT NOT NULL, tag TEXT
);
CREATE INDEX messages_claimable ON messages (lane, id) WHERE stage IN (2, 7);
CREATE INDEX messages_due ON messages (due) WHERE due IS NOT NULL;
CREATE INDEX messages_number ON messages (number);
CREATE INDEX messages_tag ON messages (tag, id) WHERE tag IS NOT NULL;
CREATE TABLE keys (
    client TEXT NOT NULL, key TEXT NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (client, key)
) WITHOUT ROWID;
-- stage is model.SegmentStage: 1 claimed, 2 accepted, 4 in doubt; destination: the message's number
CREATE TABLE segments (
    message INTEGER NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL,
    stage INTEGER NOT NULL, link TEXT NOT NULL, owner INTEGER NOT NULL, claimed_at INTEGER NOT NULL,
    destination TEXT NOT NULL, smsc_id TEXT, answered_at INTEGER, status INTEGER, stat TEXT, err TEXT,
    receipt_at INTEGER,
    PRIMARY KEY (message, number, attempt)
) WITHOUT ROWID;
CREATE INDEX segments_smsc_id ON segments (link, smsc_id) WHERE smsc_id IS NOT NULL;
CREATE INDEX segments_unnamed ON segments (link, destination) WHERE smsc_id IS NULL AND stage IN (1, 2, 4);
CREATE TABLE concatenation (
    sender TEXT NOT NULL, number TEXT NOT NULL, reference INTEGER NOT NULL,
    PRIMARY KEY (sender, number)
) WITHOUT ROWID;
-- receipts beside the segments: early, unmatched (message NULL), late, not final
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY, link TEXT NOT NULL, smsc_id TEXT NOT NULL, number TEXT NOT NULL,
    at INTEGER NOT NULL, message INTEGER, body BLOB NOT NULL
);
CREATE INDEX receipts_by_id ON receipts (link, smsc_id) WHERE message IS NULL;
CREATE INDEX receipts_by_number ON receipts (link, number) WHERE message IS NULL;
CREATE INDEX receipts_by_message ON receipts (message) WHERE message IS NOT NULL;
CREATE TABLE events (
    cursor INTEGER PRIMARY KEY, client TEXT NOT NULL, message INTEGER, at INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX events_by_client ON events (client, cursor);
CREATE INDEX events_by_message ON events (message) WHERE message IS NOT NULL;
CREATE TABLE floors (client TEXT PRIMARY KEY, cursor INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE consumers (
    client TEXT NOT NULL, name TEXT NOT NULL, acknowledged INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (client, name)
) WITHOUT ROWID;
CREATE TABLE optouts (
    number TEXT NOT NULL, brand TEXT NOT NULL, since INTEGER NOT NULL, source TEXT NOT NULL,
    reason TEXT, PRIMARY KEY (number, brand)
) WITHOUT ROWID;
CREATE TABLE inbound (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE deliveries (
    fingerprint BLOB PRIMARY KEY, session INTEGER NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE parts (
    key TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (key, number)
) WITHOUT ROWID;
"""

_V2: Final = """
-- how receipts of a link write the ids that its responses told: receipt_ids.Notation -> pairs seen
CREATE TABLE id_pairs (
    link TEXT NOT NULL, notation TEXT NOT NULL, pairs INTEGER NOT NULL, PRIMARY KEY (link, notation)
) WITHOUT ROWID;
CREATE INDEX receipts_parked ON receipts (link) WHERE message IS NULL;
"""

_V3: Final = """
-- links that refused the message, the one longest ago first, with commas between
ALTER TABLE messages ADD COLUMN refused TEXT NOT NULL DEFAULT '';
"""

_V4: Final = """
-- ids are found in any case and padding: receipt_ids.key; parked receipts keep only the key beside the body
DROP INDEX segments_smsc_id;
CREATE INDEX segments_id_key ON segments (link, ltrim(lower(smsc_id), '0x')) WHERE smsc_id IS NOT NULL;
ALTER TABLE receipts RENAME COLUMN smsc_id TO key;
UPDATE receipts SET key = ltrim(lower(key), '0x');
"""

_USES: Final = """
-- counted messages, for caps; counted is policy.uses.Counted
CREATE TABLE uses (
    number TEXT NOT NULL, message INTEGER NOT NULL, at INTEGER NOT NULL, brand TEXT NOT NULL,
    class TEXT NOT NULL, text INTEGER NOT NULL, counted INTEGER NOT NULL, PRIMARY KEY (number, message)
) WITHOUT ROWID;
CREATE INDEX uses_at ON uses (at);
"""

_TAGS: Final = """
-- messages of a tag by state (model.State, and what ledger.tags counts beside)
CREATE TABLE tags (
    client TEXT NOT NULL, tag TEXT NOT NULL, state TEXT NOT NULL, messages INTEGER NOT NULL,
    PRIMARY KEY (client, tag, state)
) WITHOUT ROWID;
CREATE TABLE paused_tags (
    client TEXT NOT NULL, tag TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (client, tag)
) WITHOUT ROWID;
"""

_CONSENTS: Final = """
-- what a number said to a brand of marketing, yes (granted 1) or no; at 0: it is not told when
CREATE TABLE consents (
    id INTEGER PRIMARY KEY, number TEXT NOT NULL, brand TEXT NOT NULL, at INTEGER NOT NULL,
    granted INTEGER NOT NULL, channel TEXT NOT NULL, wording TEXT NOT NULL, proof TEXT NOT NULL,
    recorded_at INTEGER NOT NULL, told_by TEXT NOT NULL, UNIQUE (number, brand, at, granted, channel)
);
"""

_TEMPLATES: Final = """
-- body is policy.template_sets.Template as msgpack, review one of its fields; stamp: of the last change
CREATE TABLE templates (
    brand TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, review TEXT NOT NULL,
    stamp INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (brand, name, version)
) WITHOUT ROWID;
CREATE INDEX templates_stamp ON templates (brand, stamp);
"""

_HELD: Final = """
-- what is held until somebody changes something; stage 1 is model.Stage.HELD
CREATE INDEX messages_held ON messages (reason, id) WHERE stage = 1 AND until IS NULL;
"""

_ORDER: Final = """
-- what of an order_key has not left yet; of messages of before, the key was not in force
ALTER TABLE messages ADD COLUMN order_key TEXT;
CREATE INDEX messages_line ON messages (number, order_key)
    WHERE order_key IS NOT NULL AND stage IN (0, 1, 2, 3, 4, 6, 7);
"""

_TRIES: Final = """
-- submit_sms that were refused for now; the segment's own row tells of the one after
CREATE TABLE tries (
    message INTEGER NOT NULL, segment INTEGER NOT NULL, claimed_at INTEGER NOT NULL, link TEXT NOT NULL,
    answered_at INTEGER NOT NULL, status INTEGER NOT NULL, PRIMARY KEY (message, segment, claimed_at)
) WITHOUT ROWID;
"""

MIGRATIONS: Final = (_V1, _V2, _V3, _V4, _USES, _TAGS, _CONSENTS, _TEMPLATES, _HELD, _ORDER, _TRIES)
VERSION: Final = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the database to `VERSION` in one transaction. Raises StoreError for a newer or foreign one."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise StoreError(
            f"{path} has schema version {version}, this gatewayd knows {VERSION}: "
            "start the newer gatewayd again, or restore a backup made before the upgrade"
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StoreError(f"{path} is a database of another program; name another file")
    for number in range(version, VERSION):
        script = f"BEGIN;{MIGRATIONS[number]};PRAGMA user_version = {number + 1};COMMIT;"
        connection.executescript(script)
