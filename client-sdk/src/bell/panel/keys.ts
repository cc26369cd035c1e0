import type { InboxItem } from '@carillon/schemas'
import { openSnooze } from './item-tools.ts'
import type { Panel } from './panel-state.ts'

/** Number of items that Page Up and Page Down move by. */
const PAGE = 5

const articleOf = (event: Event) => (event.target as Element).closest<HTMLElement>('article')

/** Returns the next article in the direction of the key, or nothing if the key does not move. */
const nextArticle = (key: string, from: HTMLElement): Element | undefined => {
  const articles = [...(from.parentElement?.querySelectorAll(':scope > article') ?? [])]
  const at = articles.indexOf(from)
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[key]
  return step ? articles[Math.min(Math.max(at + step, 0), articles.length - 1)] : undefined
}

/** Moves the focus from a feed to what is before or after it, as the feed pattern of ARIA asks. */
const leave = (article: HTMLElement, forward: boolean) => {
  const panel = article.closest('dialog, .panel')
  const stops = [...(panel?.querySelectorAll<HTMLElement>('button, a[href], [tabindex="0"]') ?? [])].filter(
    (each) => each.tabIndex >= 0 && !article.parentElement?.contains(each) && each.checkVisibility(),
  )
  const target = forward
    ? stops.find((each) => article.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING)
    : stops.findLast((each) => article.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING)
  target?.focus()
}

const onItem = (key: string, item: InboxItem, article: HTMLElement, panel: Panel): boolean => {
  const { verbs, selection } = panel
  const acts: Record<string, () => unknown> = {
    u: () => (item.readAt === null ? verbs.read([item]) : verbs.unread([item])),
    e: () => (item.archivedAt === null ? verbs.archive([item]) : verbs.restore([item])),
    s: () => openSnooze(article, [item], panel),
    Delete: () => verbs.remove([item]),
    x: () => selection.toggle(item.id),
    Enter: () => article.querySelector<HTMLElement>('.cover')?.click(),
  }
  acts[key]?.()
  return key in acts
}

/** Handles the keys of the list. Letters work only while the focus is in it. */
export const onListKey = (event: KeyboardEvent, panel: Panel) => {
  const article = articleOf(event)
  const { list, verbs, selection } = panel
  const item = list.items.find(({ id }) => id === article?.dataset.id)
  if (!article || !item || event.altKey) return
  const isItself = event.target === article
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const modified = event.ctrlKey || event.metaKey

  if (modified && (key === 'Home' || key === 'End')) leave(article, key === 'End')
  else if (modified && key === 'a') selection.all(list.ids)
  else if (modified) return
  else if (event.shiftKey && key === 'u') panel.readAll()
  else if (key === 'z') verbs.undo()
  else if (key === 'Home') panel.showNew()
  else if (nextArticle(key, article)) (nextArticle(key, article) as HTMLElement).focus()
  else if (key === 'Enter' && !isItself) return
  else if (!onItem(key, item, article, panel)) return
  event.preventDefault()
}
