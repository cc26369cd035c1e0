import type { Database } from '../../sqlite/database.ts'

/**
 * The schema, one step per entry; a released step never changes. Primary keys start with the tenant or the
 * number of an inbox, and tables have no rowid, so that rows are stored in the order in which they are read.
 * Times are epoch ms.
 *
 * An inbox has three tables: small rows of state in order of arrival, which suffice for lists and counts; a
 * key by id; and content. Keys and contents are written in order of time, so a put dirties one page elsewhere
 * in the file. State without content is a removed item, kept until its expiry. A negative `content` refers to
 * a row of `shared_contents`. `grp` and `entity` are hashes of the item's group, and of its context, type and entity;
 * `announced` is set for items with a `display`. The indexes of the three have only items with one.
 *
 * The items of a broadcast are one row of `unfiled` at first, with a page of `recipients`: see `inbox-filing.ts`.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE owners (
     id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, user TEXT NOT NULL, UNIQUE (tenant, user)
   );
   CREATE TABLE inbox (
     owner INTEGER NOT NULL, place INTEGER NOT NULL, id BLOB NOT NULL,
     content INTEGER, expires_at INTEGER NOT NULL, labels TEXT,
     received_at INTEGER, seen_at INTEGER, read_at INTEGER, archived_at INTEGER, snoozed_until INTEGER, acted TEXT,
     PRIMARY KEY (owner, place, id)
   ) WITHOUT ROWID;
   CREATE TABLE inbox_ids (id BLOB PRIMARY KEY, owner INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE inbox_content (row INTEGER PRIMARY KEY, content TEXT NOT NULL, written_at INTEGER);
   CREATE TABLE shared_contents (
     row INTEGER PRIMARY KEY, tenant TEXT NOT NULL, notification TEXT NOT NULL, rendering TEXT NOT NULL DEFAULT '',
     content TEXT NOT NULL, written_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, recalled_at INTEGER,
     UNIQUE (tenant, notification, rendering)
   );
   CREATE INDEX shared_contents_expiry ON shared_contents (expires_at);
   CREATE TABLE recipients (
     tenant TEXT NOT NULL, notification TEXT NOT NULL, page TEXT NOT NULL, at INTEGER NOT NULL, users TEXT NOT NULL,
     expires_at INTEGER NOT NULL, PRIMARY KEY (tenant, notification, page)
   ) WITHOUT ROWID;
   CREATE INDEX recipients_expiry ON recipients (expires_at);
   CREATE TABLE inbox_guide (
     owner INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (owner, kind, key)
   ) WITHOUT ROWID;
   CREATE TRIGGER inbox_removed AFTER UPDATE OF content ON inbox WHEN new.content IS NULL
     BEGIN DELETE FROM inbox_content WHERE row = old.content; END;
   CREATE TRIGGER inbox_purged AFTER DELETE ON inbox BEGIN
     DELETE FROM inbox_content WHERE row = old.content;
     DELETE FROM inbox_ids WHERE id = old.id;
   END;
   CREATE TABLE users (
     tenant TEXT NOT NULL, slot INTEGER NOT NULL, user TEXT NOT NULL, profile TEXT NOT NULL,
     PRIMARY KEY (tenant, slot, user)
   ) WITHOUT ROWID;
   CREATE TABLE erasures (
     tenant TEXT NOT NULL, key TEXT NOT NULL, erased_at INTEGER NOT NULL, lifted_at INTEGER,
     PRIMARY KEY (tenant, key)
   ) WITHOUT ROWID;
   CREATE TABLE topic_members (
     tenant TEXT NOT NULL, topic TEXT NOT NULL, slot INTEGER NOT NULL, user TEXT NOT NULL,
     PRIMARY KEY (tenant, topic, slot, user)
   ) WITHOUT ROWID;
   CREATE INDEX memberships ON topic_members (tenant, user);
   CREATE TABLE tenants (
     id TEXT PRIMARY KEY, secrets TEXT NOT NULL, created_at TEXT NOT NULL, settings TEXT NOT NULL DEFAULT '{}',
     limits TEXT NOT NULL DEFAULT '{}'
   ) WITHOUT ROWID;
   CREATE TABLE api_keys (
     tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;
   CREATE TABLE types (
     tenant TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
     published_at INTEGER NOT NULL, PRIMARY KEY (tenant, key, version)
   ) WITHOUT ROWID;
   CREATE TABLE notifications (
     tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT, accepted_at INTEGER,
     chains TEXT NOT NULL DEFAULT '{}', cancelled_at INTEGER, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;
   CREATE INDEX notifications_expiry ON notifications (expires_at);
   CREATE INDEX notifications_order ON notifications (tenant, accepted_at, id);
   CREATE TABLE notification_absentees (
     tenant TEXT NOT NULL, user TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, at, id)
   ) WITHOUT ROWID;
   CREATE INDEX notification_absentees_expiry ON notification_absentees (expires_at);
   CREATE TABLE claims (
     tenant TEXT NOT NULL, id TEXT NOT NULL, acceptances TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;
   CREATE INDEX claims_expiry ON claims (expires_at);`,
  `CREATE TABLE devices (
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
   CREATE TABLE decisions (
     tenant TEXT NOT NULL, notification TEXT NOT NULL, user TEXT NOT NULL, place TEXT NOT NULL,
     decision TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, notification, user, place)
   ) WITHOUT ROWID;
   CREATE INDEX decisions_expiry ON decisions (expires_at);
   CREATE TABLE expiring_keys (
     tenant TEXT NOT NULL, acquired INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, acquired, key)
   ) WITHOUT ROWID;
   CREATE INDEX expiring_keys_expiry ON expiring_keys (expires_at);`,
  `CREATE TABLE preferences (
     tenant TEXT NOT NULL, user TEXT NOT NULL, context TEXT NOT NULL, path TEXT NOT NULL, value TEXT NOT NULL,
     PRIMARY KEY (tenant, user, context, path)
   ) WITHOUT ROWID;
   CREATE TABLE preference_changes (
     tenant TEXT NOT NULL, user TEXT NOT NULL, time INTEGER NOT NULL, via TEXT NOT NULL, author TEXT NOT NULL,
     path TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, time)
   ) WITHOUT ROWID;
   CREATE INDEX preference_changes_expiry ON preference_changes (expires_at);`,
  `ALTER TABLE types ADD COLUMN published_by TEXT;
   CREATE TABLE type_drafts (
     tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, key)
   ) WITHOUT ROWID;`,
  `CREATE TABLE categories (
     tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, key)
   ) WITHOUT ROWID;`,
  `CREATE TABLE contexts (
     tenant TEXT NOT NULL, key TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, key)
   ) WITHOUT ROWID;
   ALTER TABLE users ADD COLUMN reported TEXT;
   ALTER TABLE preference_changes ADD COLUMN context TEXT NOT NULL DEFAULT '';`,
  `CREATE TABLE attachments (
     tenant TEXT NOT NULL, id TEXT NOT NULL, filename TEXT NOT NULL, content_type TEXT NOT NULL, size INTEGER NOT NULL,
     chunks INTEGER NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;
   CREATE INDEX attachments_expiry ON attachments (expires_at);
   CREATE TABLE attachment_chunks (
     tenant TEXT NOT NULL, id TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, id, part)
   );
   CREATE INDEX attachment_chunks_expiry ON attachment_chunks (expires_at);`,
  `CREATE TABLE library (
     tenant TEXT NOT NULL, revision INTEGER NOT NULL, tree TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
     deleted INTEGER NOT NULL, at INTEGER NOT NULL, author TEXT,
     PRIMARY KEY (tenant, revision)
   ) WITHOUT ROWID;
   CREATE TABLE library_texts (
     tenant TEXT NOT NULL, hash TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, hash)
   ) WITHOUT ROWID;`,
  `CREATE TABLE variant_figures (
     tenant TEXT NOT NULL, type TEXT NOT NULL, variant TEXT NOT NULL, figure TEXT NOT NULL, register INTEGER NOT NULL,
     rank INTEGER NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, type, variant, figure, register)
   ) WITHOUT ROWID;
   CREATE INDEX variant_figures_expiry ON variant_figures (expires_at);`,
  `ALTER TABLE inbox ADD COLUMN grp BLOB;
   CREATE INDEX inbox_groups ON inbox (owner, grp, place, id) WHERE grp IS NOT NULL;`,
  `CREATE TABLE digest_windows (
     tenant TEXT NOT NULL, user TEXT NOT NULL, window TEXT NOT NULL, id TEXT NOT NULL, opens_at INTEGER NOT NULL,
     closes_at INTEGER NOT NULL, opener TEXT NOT NULL, about TEXT NOT NULL, size INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, window)
   ) WITHOUT ROWID;
   CREATE TABLE digest_members (
     tenant TEXT NOT NULL, user TEXT NOT NULL, window TEXT NOT NULL, member TEXT NOT NULL, id TEXT NOT NULL,
     collected INTEGER NOT NULL, at INTEGER NOT NULL, step TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, window, member)
   ) WITHOUT ROWID;
   CREATE INDEX digest_members_expiry ON digest_members (expires_at);`,
  `CREATE TABLE schedules (
     tenant TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;`,
  `CREATE TABLE throttles (
     tenant TEXT NOT NULL, user TEXT NOT NULL, key TEXT NOT NULL, takers TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, key)
   ) WITHOUT ROWID;
   CREATE INDEX throttles_expiry ON throttles (expires_at);`,
  `CREATE TABLE cancel_keys (
     tenant TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, notification TEXT NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, key, at, notification)
   ) WITHOUT ROWID;
   CREATE INDEX cancel_keys_expiry ON cancel_keys (expires_at);
   CREATE TABLE cancellations (
     tenant TEXT NOT NULL, key TEXT NOT NULL, cancelled_at INTEGER NOT NULL, passed_at INTEGER NOT NULL DEFAULT -1,
     passed TEXT NOT NULL DEFAULT '', expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, key)
   ) WITHOUT ROWID;
   CREATE INDEX cancellations_expiry ON cancellations (expires_at);`,
  'ALTER TABLE digest_members ADD COLUMN personal TEXT;',
  'ALTER TABLE inbox ADD COLUMN clicked_at INTEGER;',
  `ALTER TABLE inbox ADD COLUMN entity BLOB;
   CREATE INDEX inbox_entities ON inbox (owner, entity, place, id) WHERE entity IS NOT NULL;
   CREATE TABLE entity_claims (
     tenant TEXT NOT NULL, user TEXT NOT NULL, name BLOB NOT NULL, after TEXT NOT NULL, id TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, name, after)
   ) WITHOUT ROWID;
   CREATE INDEX entity_claims_expiry ON entity_claims (expires_at);`,
  `CREATE TABLE shown_pushes (
     tenant TEXT NOT NULL, user TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL, items TEXT NOT NULL,
     sent_at INTEGER NOT NULL, withdrawn_at INTEGER, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, user, device, key)
   ) WITHOUT ROWID;
   CREATE INDEX shown_pushes_expiry ON shown_pushes (expires_at);`,
  `CREATE TABLE labelled (
     tenant TEXT NOT NULL, label TEXT NOT NULL, at INTEGER NOT NULL, notification TEXT NOT NULL, context TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, label, at, notification)
   ) WITHOUT ROWID;
   CREATE INDEX labelled_expiry ON labelled (expires_at);
   CREATE TABLE label_recalls (
     tenant TEXT NOT NULL, label TEXT NOT NULL, context TEXT NOT NULL, recalled_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, label, context)
   ) WITHOUT ROWID;
   CREATE INDEX label_recalls_expiry ON label_recalls (expires_at);
   CREATE TABLE operations (
     tenant TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, created_at INTEGER NOT NULL,
     step INTEGER NOT NULL DEFAULT 0, progress TEXT, expires_at INTEGER NOT NULL,
     PRIMARY KEY (tenant, id)
   ) WITHOUT ROWID;
   CREATE INDEX operations_expiry ON operations (expires_at);`,
  "ALTER TABLE shown_pushes ADD COLUMN account TEXT NOT NULL DEFAULT '';",
  `ALTER TABLE inbox ADD COLUMN announced INTEGER;
   CREATE INDEX inbox_announced ON inbox (owner, announced, place, id) WHERE announced IS NOT NULL;`,
  `ALTER TABLE notifications ADD COLUMN amendments TEXT;`,
  'ALTER TABLE shown_pushes ADD COLUMN version INTEGER;',
  `CREATE TABLE unfiled (
     page_row INTEGER PRIMARY KEY, size INTEGER NOT NULL, tenant TEXT NOT NULL, notification TEXT NOT NULL,
     page TEXT NOT NULL, place INTEGER NOT NULL, content INTEGER NOT NULL, expires_at INTEGER NOT NULL, labels TEXT,
     grp BLOB, entity BLOB, announced INTEGER, ids BLOB NOT NULL
   );`,
]

const TABLE =
  'CREATE TABLE IF NOT EXISTS store_migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)'

/** Returns the last applied step; 0 for a new file. */
export const schemaVersion = ({ handle }: Database): number => {
  const table = handle
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'store_migrations'")
    .get()
  if (table === undefined) return 0
  const row = handle.prepare('SELECT max(version) AS version FROM store_migrations').get() as {
    version: number | null
  }
  return row.version ?? 0
}

/** Applies missing steps in one transaction, which one process at a time can hold. Resolves to their number. */
export const migrate = (database: Database): Promise<number> =>
  database.write(() => {
    database.handle.exec(TABLE)
    const before = schemaVersion(database)
    for (let version = before + 1; version <= MIGRATIONS.length; version++) {
      database.handle.exec(MIGRATIONS[version - 1] ?? '')
      database.handle.prepare('INSERT INTO store_migrations VALUES (?, ?)').run([version, Date.now()])
    }
    return MIGRATIONS.length - before
  })
