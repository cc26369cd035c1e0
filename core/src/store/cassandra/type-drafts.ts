import type { Types } from '../ports/types.ts'
import { readDraft, typeText } from '../rules/type-version.ts'
import type { Session } from './session.ts'

/** Stores one row per draft. Every write is an LWT, so that no writer replaces what it has not seen. */
export const cassandraTypeDrafts = (
  session: Session,
): Pick<Types, 'draft' | 'saveDraft' | 'discardDraft'> => {
  const drafts = session.table('type_drafts')

  const draft: Types['draft'] = async (tenant, key) => {
    const query = `SELECT content FROM ${drafts} WHERE tenant = ? AND key = ?`
    const [row] = await session.rows(query, [tenant, key])
    return row && readDraft(String(row.content))
  }

  const saveDraft: Types['saveDraft'] = async (tenant, type, expected) => {
    const current = await draft(tenant, type.key)
    if (expected !== undefined && current?.revision !== expected) return undefined
    const content = typeText(type)
    const next = readDraft(content)
    const taken = current
      ? await session.claim(
          `UPDATE ${drafts} SET content = ?, revision = ? WHERE tenant = ? AND key = ? IF revision = ?`,
          [content, next.revision, tenant, type.key, current.revision],
        )
      : await session.claim(
          `INSERT INTO ${drafts} (tenant, key, content, revision) VALUES (?, ?, ?, ?) IF NOT EXISTS`,
          [tenant, type.key, content, next.revision],
        )
    return taken ? saveDraft(tenant, type, expected) : next
  }

  const discardDraft: Types['discardDraft'] = async (tenant, key, revision) => {
    const query = `DELETE FROM ${drafts} WHERE tenant = ? AND key = ? IF revision = ?`
    return (await session.claim(query, [tenant, key, revision])) === undefined
  }

  return { draft, saveDraft, discardDraft }
}
