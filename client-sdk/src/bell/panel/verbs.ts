import type { InboxItem } from '@carillon/schemas'
import type { GroupOption } from '../../actions/actions.ts'
import type { CarillonError } from '../../http/error.ts'
import { type Failure, reasonOf } from '../failure.ts'
import type { Times } from '../text/times.ts'
import type { PanelText } from './english.ts'
import type { List } from './list.ts'
import type { createUndo } from './undo.ts'

/**
 * Creates the actions of the panel on items. Each takes effect immediately, is announced to assistive technology, and can be
 * undone where users expect it. A failure is shown.
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
  text: () => PanelText
  times: () => Times
  announce: (text: string) => void
  update: () => void
}) => {
  const failures = new Map<string, Failure>()

  /** An undo changes those items of a group that the action changed. */
  const together = ({ group }: GroupOption) => ({ group, together: group })
  type Call = (item: InboxItem, option: GroupOption) => Promise<void>

  /** Returns the items with their options. An item that stands for a folded group changes the whole group. */
  const targetsOf = (items: readonly InboxItem[]) =>
    items.map((item) => ({ item, option: list.groups.isWhole(item) ? { group: true } : {} }))
  /**
   * Changes items. Announces `label` once the hub has confirmed every change. A failure is shown at its item, or in place of
   * the undo bar if the list does not show the item.
   */
  const run = async (targets: ReturnType<typeof targetsOf>, call: Call, label?: string) => {
    let hasFailed = false
    const failed = (target: (typeof targets)[number], error: CarillonError) => {
      const { id } = target.item
      const reason = text()(reasonOf(error))
      failures.set(id, { text: reason, again: () => void run([target], call, label) })
      if (!list.ids.includes(id)) {
        announce(reason)
        undo.notice(reason)
      }
      update()
      hasFailed = true
    }
    const changes = targets.map((target) => {
      failures.delete(target.item.id)
      return call(target.item, target.option).catch((error) => failed(target, error))
    })
    update()
    await Promise.all(changes)
    if (label && !hasFailed) announce(label)
  }
  const sizeOf = (targets: ReturnType<typeof targetsOf>) =>
    targets.reduce((sum, { item, option }) => sum + (option.group ? (item.group?.count ?? 1) : 1), 0)
  const done = (label: string, targets: ReturnType<typeof targetsOf>, back: Call) => {
    announce(label)
    undo.offer({ label, undo: () => void run(targets, back, text()('undone')) })
  }
  const feed = () => list.feed

  return {
    failure: (id: string) => failures.get(id),
    /** Runs work for items. A failure is shown at each of them. */
    attempt: (items: readonly InboxItem[], work: () => Promise<void>) =>
      void run(
        items.map((item) => ({ item, option: {} })),
        work,
      ),
    read(items: readonly InboxItem[]) {
      void run(targetsOf(items), ({ id }, option) => feed().read(id, option))
      announce(text()('wasRead'))
    },
    unread(items: readonly InboxItem[]) {
      void run(targetsOf(items), ({ id }) => feed().unread(id))
      announce(text()('wasUnread'))
    },
    archive(items: readonly InboxItem[]) {
      const targets = targetsOf(items)
      void run(targets, ({ id }, option) => feed().archive(id, option))
      const label = text()('wasArchived', { n: sizeOf(targets) })
      done(label, targets, ({ id }, option) => feed().unarchive(id, together(option)))
    },
    restore(items: readonly InboxItem[]) {
      const targets = targetsOf(items)
      void run(targets, ({ id }, option) => feed().unarchive(id, option))
      const label = text()('wasRestored', { n: sizeOf(targets) })
      // Archiving a group would include items that were not archived before.
      if (targets.some(({ option }) => option.group)) announce(label)
      else done(label, targets, ({ id }) => feed().archive(id))
    },
    snooze(items: readonly InboxItem[], time: Date) {
      const targets = targetsOf(items)
      // The milliseconds distinguish these items from others that were snoozed until the same time.
      const until = new Date(time.getTime() + (Date.now() % 1_000))
      void run(targets, ({ id }, option) => feed().snooze(id, until, option))
      const label = text()('snoozedUntil', { time: times().clock(time.getTime()) })
      done(label, targets, ({ id }, option) => feed().snooze(id, null, together(option)))
    },
    wake(items: readonly InboxItem[]) {
      const targets = targetsOf(items)
      void run(targets, ({ id }, option) => feed().snooze(id, null, option))
      announce(text()('wasRestored', { n: sizeOf(targets) }))
    },
    /** Hides the items. They are deleted when the time to undo is over. */
    remove(items: readonly InboxItem[]) {
      const targets = targetsOf(items)
      const label = text()('wasDeleted', { n: sizeOf(targets) })
      const { feed } = list
      const show = () => list.hide(items, false)
      list.hide(items, true)
      announce(label)
      undo.offer({
        label,
        undo() {
          show()
          announce(text()('undone'))
        },
        // Items whose deletion is pending stay hidden.
        commit: () => void run(targets, ({ id }, option) => feed.remove(id, option).finally(show)),
      })
    },
    act(item: InboxItem, name: string, label: string) {
      void run([{ item, option: {} }], ({ id }) => feed().act(id, name), text()('acted', { label }))
    },
    /** Reports that the link of an item was clicked, which marks it as read. */
    clicked(item: InboxItem) {
      void run([{ item, option: {} }], ({ id }) => feed().clicked(id))
    },
  }
}
export type Verbs = ReturnType<typeof createVerbs>
