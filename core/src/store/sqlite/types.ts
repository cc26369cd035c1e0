import type { NotificationType } from '@carillon/schemas'
import type { Types } from '../ports/types.ts'
import { revisionOf } from '../rules/revision.ts'
import { DELETED, isSameType, readDraft, readType, typeText } from '../rules/type-version.ts'
import type { Session, Write } from './session.ts'

type Row = { version: number; content: string }
type VersionRow = Row & { published_at: number; published_by: string | null }

const IN_FORCE =
  'SELECT version, content FROM types WHERE tenant = ? AND key = ? ORDER BY version DESC LIMIT 1'
const DRAFT = 'SELECT content FROM type_drafts WHERE tenant = ? AND key = ?'

const published = (text: string, version: number): NotificationType => ({ ...JSON.parse(text), version })

export const sqliteTypes = (session: Session): Types => {
  const insert = ({ run }: Write, tenant: string, key: string, row: Row, by: string | undefined) =>
    run(
      'INSERT INTO types (tenant, key, version, content, published_at, published_by) VALUES (?, ?, ?, ?, ?, ?)',
      [tenant, key, row.version, row.content, Date.now(), by ?? null],
    )
  const draftOf = ({ first }: Pick<Write, 'first'>, tenant: string, key: string) =>
    first<{ content: string }>(DRAFT, [tenant, key])?.content

  const putIf: Types['putIf'] = (tenant, type, { by, expected }) =>
    session.write((write) => {
      const current = write.first<Row>(IN_FORCE, [tenant, type.key])
      if (expected !== undefined && current?.version !== expected) return undefined
      if (current && isSameType(current.content, type)) return readType(current.content, current.version)
      const row = { version: (current?.version ?? 0) + 1, content: typeText(type) }
      insert(write, tenant, type.key, row, by)
      return published(row.content, row.version)
    })

  return {
    putIf,
    put: async (tenant, type, by) =>
      (await putIf(tenant, type, by === undefined ? {} : { by })) as NotificationType,

    get: async (tenant, key, version) => {
      const row =
        version === undefined
          ? await session.get<Row>(IN_FORCE, [tenant, key])
          : await session.get<Row>(
              'SELECT version, content FROM types WHERE tenant = ? AND key = ? AND version = ?',
              [tenant, key, version],
            )
      return row && readType(row.content, row.version)
    },

    list: async (tenant) => {
      // With max(), SQLite takes the other columns from the row that holds the maximum.
      const rows = await session.all<Row>(
        'SELECT key, max(version) AS version, content FROM types WHERE tenant = ? GROUP BY key ORDER BY key',
        [tenant],
      )
      return rows.flatMap(({ content, version }) => readType(content, version) ?? [])
    },

    versions: async (tenant, key, { before = Number.MAX_SAFE_INTEGER, limit }) => {
      const rows = await session.all<VersionRow>(
        `SELECT version, content, published_at, published_by FROM types
         WHERE tenant = ? AND key = ? AND version < ? ORDER BY version DESC LIMIT ?`,
        [tenant, key, before, limit],
      )
      return rows.map(({ version, content, published_at, published_by }) => ({
        version,
        publishedAt: published_at,
        ...(published_by === null ? {} : { publishedBy: published_by }),
        ...(content === DELETED ? { deleted: true } : {}),
      }))
    },

    remove: (tenant, key, { by, expected }) =>
      session.write((write) => {
        const current = write.first<Row>(IN_FORCE, [tenant, key])
        if (expected !== undefined && current?.version !== expected) return false
        if (current && current.content !== DELETED)
          insert(write, tenant, key, { version: current.version + 1, content: DELETED }, by)
        write.run('DELETE FROM type_drafts WHERE tenant = ? AND key = ?', [tenant, key])
        return true
      }),

    draft: async (tenant, key) => {
      const row = await session.get<{ content: string }>(DRAFT, [tenant, key])
      return row && readDraft(row.content)
    },

    saveDraft: (tenant, type, expected) =>
      session.write((write) => {
        const current = draftOf(write, tenant, type.key)
        if (expected !== undefined && (current === undefined || revisionOf(current) !== expected))
          return undefined
        const content = typeText(type)
        write.run('INSERT OR REPLACE INTO type_drafts (tenant, key, content) VALUES (?, ?, ?)', [
          ...[tenant, type.key, content],
        ])
        return readDraft(content)
      }),

    discardDraft: (tenant, key, revision) =>
      session.write((write) => {
        const current = draftOf(write, tenant, key)
        if (current === undefined || revisionOf(current) !== revision) return false
        write.run('DELETE FROM type_drafts WHERE tenant = ? AND key = ?', [tenant, key])
        return true
      }),
  }
}
