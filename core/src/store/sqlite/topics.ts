import type { Topics } from '../ports/topics.ts'
import { slotOf } from '../rules/slots.ts'
import type { Session } from './session.ts'
import { walk } from './walk.ts'

export const sqliteTopics = (session: Session): Topics => ({
  add: (tenant, topic, users) =>
    session.write(({ run }) => {
      for (const user of users)
        run(
          'INSERT INTO topic_members (tenant, topic, slot, user) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          [tenant, topic, slotOf(user), user],
        )
    }),

  remove: (tenant, topic, users) =>
    session.write(({ run }) => {
      for (const user of users)
        run('DELETE FROM topic_members WHERE tenant = ? AND topic = ? AND slot = ? AND user = ?', [
          tenant,
          topic,
          slotOf(user),
          user,
        ])
    }),

  walk: (tenant, topic, stretch, limit) =>
    walk(session, 'topic_members WHERE tenant = ? AND topic = ?', [tenant, topic], stretch, limit),
})
