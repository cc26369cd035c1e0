import { createInboxPurge } from './inbox-purge.ts'
import { MIGRATIONS, schemaVersion } from './migrations.ts'
import type { Session } from './session.ts'

const EVERY_MS = 60_000
/** Rows per commit, so that a purge does not block other writes. */
const CHUNK = 500

const STEPS = [
  `DELETE FROM notifications WHERE (tenant, id) IN
     (SELECT tenant, id FROM notifications WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM notification_absentees WHERE (tenant, user, at, id) IN
     (SELECT tenant, user, at, id FROM notification_absentees WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM claims WHERE (tenant, id) IN
     (SELECT tenant, id FROM claims WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM deliveries WHERE (tenant, notification, user, step, device) IN
     (SELECT tenant, notification, user, step, device FROM deliveries
      WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM decisions WHERE (tenant, notification, user, place) IN
     (SELECT tenant, notification, user, place FROM decisions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM recipients WHERE (tenant, notification, page) IN
     (SELECT tenant, notification, page FROM recipients WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM shared_contents WHERE row IN
     (SELECT row FROM shared_contents WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM attachments WHERE (tenant, id) IN
     (SELECT tenant, id FROM attachments WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM attachment_chunks WHERE rowid IN
     (SELECT rowid FROM attachment_chunks WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM variant_figures WHERE (tenant, type, variant, figure, register) IN
     (SELECT tenant, type, variant, figure, register FROM variant_figures
      WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM digest_members WHERE (tenant, user, window, member) IN
     (SELECT tenant, user, window, member FROM digest_members WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM throttles WHERE (tenant, user, key) IN
     (SELECT tenant, user, key FROM throttles WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM shown_pushes WHERE (tenant, user, device, key) IN
     (SELECT tenant, user, device, key FROM shown_pushes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM cancel_keys WHERE (tenant, key, at, notification) IN
     (SELECT tenant, key, at, notification FROM cancel_keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM cancellations WHERE (tenant, key) IN
     (SELECT tenant, key FROM cancellations WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM entity_claims WHERE (tenant, user, name, after) IN
     (SELECT tenant, user, name, after FROM entity_claims WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM labelled WHERE (tenant, label, at, notification) IN
     (SELECT tenant, label, at, notification FROM labelled WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM label_recalls WHERE (tenant, label, context) IN
     (SELECT tenant, label, context FROM label_recalls WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM operations WHERE (tenant, id) IN
     (SELECT tenant, id FROM operations WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM preference_changes WHERE (tenant, user, time) IN
     (SELECT tenant, user, time FROM preference_changes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  `DELETE FROM expiring_keys WHERE (tenant, acquired, key) IN
     (SELECT tenant, acquired, key FROM expiring_keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
]

/** Removes expired rows, a bounded chunk per commit. Returns the number of rows. */
export const createPurge = (session: Session) => {
  const purgeInbox = createInboxPurge(session)
  return async (): Promise<number> => {
    let purged = await purgeInbox()
    for (const sql of STEPS) {
      let changed = CHUNK
      while (changed === CHUNK) {
        changed = await session.write(({ run }) => run(sql, [Date.now(), CHUNK]).changes)
        purged += changed
      }
    }
    return purged
  }
}

/** Purges periodically. Reports failures and retries next time. `stop` waits for a running purge. */
export const startPurging = (session: Session): { stop(): Promise<void> } => {
  const purgeExpired = createPurge(session)
  const purge = async () => {
    try {
      if ((await session.with(schemaVersion)) === MIGRATIONS.length) await purgeExpired()
    } catch (error) {
      process.emitWarning(`the purge of expired rows failed: ${String(error)}`)
    }
  }
  let running: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    running = running.then(purge)
  }, EVERY_MS)
  timer.unref()
  return {
    stop: () => {
      clearInterval(timer)
      return running
    },
  }
}
