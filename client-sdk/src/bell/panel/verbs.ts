import type { InboxItem } from '@carillon/schemas'
import type { CarillonError } from '../../http/error.ts'
import type { Text } from '../text/text.ts'
import type { Times } from '../text/times.ts'
import type { List } from './list.ts'
import type { createUndo } from './undo.ts'

type Failure = { text: string; again: () => void }

/**
 * The actions of the panel on items. Each takes effect at once, says so to assistive technology, and can be undone where
 * people expect it. A failed one leaves a line at its item.
 */
export const createVerbs = ({
  list,
  undo,
  text,
  times,
  announce,
  update,
}: {
  list: List
  undo: ReturnType<typeof createUndo>
  text: () => Text
  times: () => Times
  announce: (text: string) => void
  update: () => void
}) => {
  const failures = new Map<string, Failure>()

  const run = (items: readonly InboxItem[], call: (item: InboxItem) => Promise<void>) => {
    for (const item of items) {
      failures.delete(item.id)
      call(item).catch((error: CarillonError) => {
        const cause = error.status === 403 || error.status === 401 ? 'refused' : 'failed'
        failures.set(item.id, { text: text()(cause), again: () => run([item], call) })
        update()
      })
    }
    update()
  }
  const done = (label: string, items: readonly InboxItem[], back: (item: InboxItem) => Promise<void>) => {
    announce(label)
    undo.offer({
      label,
      undo: () => run(items, back),
    })
  }
  const feed = () => list.feed

  return {
    failure: (id: string) => failures.get(id),
    read(items: readonly InboxItem[]) {
      run(items, ({ id }) => feed().read(id))
      announce(text()('wasRead'))
    },
    unread(items: readonly InboxItem[]) {
      run(items, ({ id }) => feed().unread(id))
      announce(text()('wasUnread'))
    },
    archive(items: readonly InboxItem[]) {
      run(items, ({ id }) => feed().archive(id))
      done(text()('wasArchived', { n: items.length }), items, ({ id }) => feed().unarchive(id))
    },
    restore(items: readonly InboxItem[]) {
      run(items, ({ id }) => feed().unarchive(id))
      done(text()('wasRestored', { n: items.length }), items, ({ id }) => feed().archive(id))
    },
    snooze(items: readonly InboxItem[], until: Date) {
      run(items, ({ id }) => feed().snooze(id, until))
      const label = text()('snoozedUntil', { time: times().clock(until.getTime()) })
      done(label, items, ({ id }) => feed().snooze(id, null))
    },
    wake(items: readonly InboxItem[]) {
      run(items, ({ id }) => feed().snooze(id, null))
      announce(text()('wasRestored', { n: items.length }))
    },
    /** Hides the items. They are deleted when the time to undo is over. */
    remove(items: readonly InboxItem[]) {
      const ids = items.map(({ id }) => id)
      const label = text()('wasDeleted', { n: items.length })
      const { feed } = list
      list.hide(ids, true)
      announce(label)
      undo.offer({
        label,
        undo: () => list.hide(ids, false),
        commit() {
          run(items, ({ id }) => feed.remove(id).finally(() => list.hide([id], false)))
        },
      })
    },
    act(item: InboxItem, name: string, label: string) {
      run([item], ({ id }) => feed().act(id, name))
      announce(text()('acted', { label }))
    },
    undo: () => undo.undo() && announce(text()('undone')),
  }
}
export type Verbs = ReturnType<typeof createVerbs>
