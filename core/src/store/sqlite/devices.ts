import { grouped } from '../../group-by.ts'
import type { Seal } from '../../security/seal.ts'
import type { Devices } from '../ports/devices.ts'
import { deviceTarget, openDevice, sealDevice } from '../rules/sealed.ts'
import type { Session } from './session.ts'

type Row = { user: string; id: string; content: string }

export const sqliteDevices = (session: Session, seal: Seal): Devices => ({
  put: (tenant, user, stored) => {
    const target = deviceTarget(seal, tenant, stored.device) ?? null
    const content = sealDevice(seal, tenant, user, stored)
    return session.write(({ run }) => {
      run('DELETE FROM devices WHERE tenant = ? AND target = ?', [tenant, target])
      run(
        `INSERT INTO devices (tenant, user, id, target, content) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET target = excluded.target, content = excluded.content`,
        [tenant, user, stored.id, target, content],
      )
    })
  },

  of: async (tenant, users) => {
    const rows = await session.all<Row>(
      `SELECT user, id, content FROM devices
       WHERE tenant = ? AND user IN (SELECT value FROM json_each(?)) ORDER BY user, id`,
      [tenant, JSON.stringify(users)],
    )
    const byUser = [...grouped(rows, ({ user }) => user)]
    return new Map(
      byUser.map(([user, own]) => [
        user,
        own.map(({ id, content }) => openDevice(seal, tenant, user, id, content)),
      ]),
    )
  },

  remove: (tenant, user, ids) =>
    session.write(({ run }) => {
      for (const id of ids)
        run('DELETE FROM devices WHERE tenant = ? AND user = ? AND id = ?', [tenant, user, id])
    }),
})
