import type { InboxItem } from '@carillon/schemas'
import { openMenu } from './lazy-menus.ts'
import type { Panel } from './panel-state.ts'

/** Number of items that Page Up and Page Down move by. */
const PAGE = 5

const articleOf = (event: Event) => (event.target as Element).closest<HTMLElement>('article')

/** Returns the position of the item that a key moves to; undefined if the key does not move. */
const nextPosition = (key: string, at: number, end: number): number | undefined => {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, End: end }[key]
  return step && Math.min(Math.max(at + step, 0), end)
}

/** Moves the focus out of the list, and loads the code for it before. Rejects if that fails. */
const leave = async (article: HTMLElement, forward: boolean) => {
  const { leaveList } = await import('./leave-list.ts')
  leaveList(article, forward)
}

const onItem = (key: string, item: InboxItem, article: HTMLElement, panel: Panel): boolean => {
  const { list, verbs, selection } = panel
  const selected = list.items.filter(({ id }) => selection.ids.has(id))
  // The keys act on the selected items, if there are any.
  const chosen = selected.length > 0 ? selected : [item]
  const run = (act: (items: readonly InboxItem[]) => void) => {
    act(chosen)
    if (selection.active) selection.stop()
  }
  const acts: Record<string, () => unknown> = {
    u: () => run(item.readAt === null ? verbs.read : verbs.unread),
    e: () => run(item.archivedAt === null ? verbs.archive : verbs.restore),
    s: () => openMenu('openSnoozeMenu', article, chosen, panel),
    Delete: () => run(verbs.remove),
    x: () => selection.toggle(item.id),
    Enter: () => article.querySelector<HTMLElement>('.cover')?.click(),
  }
  acts[key]?.()
  return key in acts
}

/** Handles the keys of the list. Letters work only while the focus is in it. */
export const onListKey = (event: KeyboardEvent, panel: Panel) => {
  const article = articleOf(event)
  const { list, selection } = panel
  const at = list.ids.indexOf(article?.dataset.id ?? '')
  const item = list.items[at]
  if (!article || !item || event.altKey) return
  const isItself = event.target === article
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const modified = event.ctrlKey || event.metaKey
  const next = nextPosition(key, at, list.items.length - 1)

  // After a failed load, the focus stays. The next key press tries again.
  if (modified && (key === 'Home' || key === 'End')) leave(article, key === 'End').catch(() => {})
  else if (modified && key === 'a') selection.all(list.ids)
  else if (modified) return
  else if (event.shiftKey && key === 'u') panel.readAll()
  else if (key === 'z') panel.undo.undo()
  else if (key === 'Home') {
    panel.showNew()
    panel.focusItem(list.ids[0])
  } else if (next !== undefined) panel.focusItem(list.ids[next])
  else if (key === 'Enter' && !isItself) return
  else if (!onItem(key, item, article, panel)) return
  event.preventDefault()
}

/** Ends the selection on Escape, which would otherwise close the panel. */
export const onPanelKey = (event: KeyboardEvent, { selection, menu, focused, focusItem }: Panel) => {
  if (event.key !== 'Escape' || !selection.active || menu.isOpen) return
  event.preventDefault()
  // The toolbar is removed, and may have the focus.
  focusItem(focused ?? [...selection.ids][0])
  selection.stop()
}
