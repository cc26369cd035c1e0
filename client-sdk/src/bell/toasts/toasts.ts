import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import { avatar } from '../avatar.ts'
import { icon } from '../icon.ts'
import { toastStyles } from '../styles/toast.ts'
import { isLink } from '../text/link.ts'
import { richText } from '../text/rich-text.ts'
import type { Text } from '../text/text.ts'
import { titleOf } from '../text/title.ts'

/** The styles of the cards. */
export const styles = [toastStyles]

/** Maximum number of cards. Further ones are summed up in one. */
const CARDS_MAX = 3
const BASE_MS = 6_000
const MS_PER_40_CHARACTERS = 1_000
const TICK_MS = 250

type Toast = { item: InboxItem; left: number }

/**
 * Creates the cards that announce new items. Each stays for six seconds and one more for every 40 characters. The time stands
 * still while the pointer or the focus is on a card, and while the page is hidden.
 */
export const createToasts = (update: () => void) => {
  let toasts: readonly Toast[] = []
  let held = false
  let timer: ReturnType<typeof setInterval> | undefined

  const set = (next: readonly Toast[]) => {
    toasts = next
    if (toasts.length === 0) {
      clearInterval(timer)
      timer = undefined
      held = false
    } else timer ??= setInterval(tick, TICK_MS)
    update()
  }
  const tick = () => {
    if (held || document.visibilityState !== 'visible') return
    for (const toast of toasts) toast.left -= TICK_MS
    if (toasts.some(({ left }) => left <= 0)) set(toasts.filter(({ left }) => left > 0))
  }
  const dismiss = (id: string) => set(toasts.filter(({ item }) => item.id !== id))
  const hold = ({ type }: Event) => {
    held = type === 'pointerenter' || type === 'focusin'
  }

  const card = ({ item }: Toast, text: Text, open: (event: MouseEvent, item: InboxItem) => void) => {
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && dismiss(item.id)
    const onOpen = (event: MouseEvent) => {
      dismiss(item.id)
      open(event, item)
    }
    const title = titleOf(item)
    return html`
      <div class="toast" part="toast" @pointerenter=${hold} @pointerleave=${hold} @focusin=${hold} @focusout=${hold} @keydown=${onKey}>
        ${avatar(item)}
        <div class="text">
          <p class="title" dir="auto">
            ${item.priority === 'critical' ? html`<span class="alarm">${icon('alert')}</span>` : nothing}${
              isLink(item.url)
                ? html`<a class="cover" href=${item.url} @click=${onOpen}>${title}</a>`
                : html`<button class="cover" @click=${onOpen}>${title}</button>`
            }
          </p>
          ${item.body ? html`<p class="body" dir="auto">${richText(item.body)}</p>` : nothing}
        </div>
        <button class="tool" aria-label=${text('dismiss')} title=${text('dismiss')} @click=${() => dismiss(item.id)}>
          ${icon('close')}
        </button>
      </div>
    `
  }

  return {
    add(item: InboxItem) {
      const length = (item.title ?? '').length + (item.body ?? '').length
      set([...toasts, { item, left: BASE_MS + (length / 40) * MS_PER_40_CHARACTERS }])
    },
    clear: () => set([]),
    get count() {
      return toasts.length
    },
    render: (text: Text, open: (event: MouseEvent, item: InboxItem) => void, openPanel: () => void) => html`
      <div class="toasts" popover="manual">
        ${toasts.slice(0, CARDS_MAX).map((toast) => card(toast, text, open))}
        ${
          toasts.length > CARDS_MAX
            ? html`<button class="toast many" @click=${openPanel}>${text('new', { n: toasts.length - CARDS_MAX })}</button>`
            : nothing
        }
      </div>
    `,
  }
}

export type Toasts = ReturnType<typeof createToasts>
