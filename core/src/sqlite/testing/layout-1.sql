-- What a data file of layout 1 held: the schema of the store, the event log and the idempotency keys.
CREATE TABLE store_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL);
CREATE TABLE inbox (
  tenant TEXT NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL,
  content INTEGER, expires_at INTEGER NOT NULL,
  received_at INTEGER, seen_at INTEGER, read_at INTEGER, archived_at INTEGER, snoozed_until INTEGER, acted TEXT,
  PRIMARY KEY (tenant, user, id)
) WITHOUT ROWID;
CREATE INDEX inbox_expiry ON inbox (expires_at);
CREATE TABLE inbox_content (row INTEGER PRIMARY KEY, content TEXT NOT NULL);
CREATE TRIGGER inbox_removed AFTER UPDATE OF content ON inbox WHEN new.content IS NULL
  BEGIN DELETE FROM inbox_content WHERE row = old.content; END;
CREATE TRIGGER inbox_purged AFTER DELETE ON inbox
  BEGIN DELETE FROM inbox_content WHERE row = old.content; END;
CREATE TABLE users (
  tenant TEXT NOT NULL, slot INTEGER NOT NULL, user TEXT NOT NULL, profile TEXT NOT NULL,
  PRIMARY KEY (tenant, slot, user)
) WITHOUT ROWID;
CREATE TABLE topic_members (
  tenant TEXT NOT NULL, topic TEXT NOT NULL, slot INTEGER NOT NULL, user TEXT NOT NULL,
  PRIMARY KEY (tenant, topic, slot, user)
) WITHOUT ROWID;
CREATE INDEX memberships ON topic_members (tenant, user);
CREATE TABLE tenants (id TEXT PRIMARY KEY, secrets TEXT NOT NULL, created_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE api_keys (
  tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE types (
  tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE TABLE notifications (
  tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT, accepted_at INTEGER,
  lanes TEXT NOT NULL DEFAULT '{}', cancelled_at INTEGER, expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX notifications_expiry ON notifications (expires_at);
CREATE TABLE claims (
  tenant TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX claims_expiry ON claims (expires_at);
CREATE TABLE devices (
  tenant TEXT NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL, target TEXT, content TEXT NOT NULL,
  PRIMARY KEY (tenant, user, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX device_targets ON devices (tenant, target) WHERE target IS NOT NULL;
CREATE TABLE accounts (
  tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE suppressions (
  tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE TABLE deliveries (
  tenant TEXT NOT NULL, notification TEXT NOT NULL, user TEXT NOT NULL, step INTEGER NOT NULL, device TEXT NOT NULL,
  channel TEXT NOT NULL, state TEXT NOT NULL, course TEXT NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, notification, user, step, device)
) WITHOUT ROWID;
CREATE INDEX deliveries_expiry ON deliveries (expires_at);
CREATE TABLE marks (
  tenant TEXT NOT NULL, taken INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, taken, key)
) WITHOUT ROWID;
CREATE INDEX marks_expiry ON marks (expires_at);
CREATE TABLE IF NOT EXISTS stream_messages (
  place INTEGER PRIMARY KEY, subject TEXT NOT NULL, data BLOB NOT NULL, dedupe TEXT,
  appended INTEGER NOT NULL, deliveries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0,
  lane INTEGER AS (place / 70368744177664)
);
CREATE INDEX IF NOT EXISTS stream_messages_due ON stream_messages (lane, due) WHERE due > 0;
CREATE TABLE IF NOT EXISTS stream_lanes (lane INTEGER PRIMARY KEY, delivered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS stream_last (message INTEGER NOT NULL, event INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS stream_schedules (
  sequence INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
  lane TEXT NOT NULL, subject TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS stream_schedules_at ON stream_schedules (at);
CREATE TABLE IF NOT EXISTS stream_events (
  sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, data BLOB NOT NULL, appended INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS stream_dedupe (
  window INTEGER NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (window, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream_dead (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, lane TEXT NOT NULL,
  subject TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL, data BLOB NOT NULL,
  truncated INTEGER NOT NULL, origin INTEGER NOT NULL, buried INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS stream_dead_tenant ON stream_dead (tenant);
CREATE TABLE IF NOT EXISTS idempotency_keys (
  key TEXT PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL, answer TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_keys_at ON idempotency_keys (at);
INSERT INTO store_migrations VALUES (1, 1767225600000), (2, 1767225600000);
INSERT INTO tenants VALUES ('demo', 'sealed', '2026-01-01T00:00:00Z');
INSERT INTO stream_last VALUES (7, 3);
