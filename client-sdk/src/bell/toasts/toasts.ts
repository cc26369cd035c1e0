import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import { actionButtons } from '../action-buttons.ts'
import { avatar } from '../avatar.ts'
import type { Follow } from '../follow.ts'
import { icon } from '../icon.ts'
import { contentStyles } from '../styles/content.ts'
import { controlStyles } from '../styles/controls.ts'
import { swipeStyles } from '../styles/swipe.ts'
import { toastStyles } from '../styles/toast.ts'
import { createSwipe } from '../swipe-gesture.ts'
import { isLink } from '../text/link.ts'
import { richText } from '../text/rich-text.ts'
import type { Text } from '../text/text.ts'
import { titleOf } from '../text/title.ts'

/** The styles of the cards. */
export const styles = [controlStyles, contentStyles, toastStyles, swipeStyles]

/** Maximum number of cards. One more card shows the number of further items. */
const CARDS_MAX = 3
/** Maximum number of rendered characters of the body. */
const BODY_MAX = 300
const BASE_MS = 6_000
const MS_PER_40_CHARACTERS = 1_000
/** Maximum time that a card is shown, in ms. */
const TIME_MAX_MS = 20_000
const TICK_MS = 250

type Toast = { item: InboxItem; left: number }

/**
 * Creates the cards that announce new items. Each stays for six seconds and one more for every 40 characters. The time is
 * paused while a card is hovered or focused, and while the page is hidden. A swipe to either side dismisses a card.
 */
export const createToasts = ({
  text,
  update,
  follow,
  act,
  openPanel,
}: {
  text: () => Text
  update: () => void
  follow: Follow
  /** Invokes an action of an item. */
  act: (item: InboxItem, name: string) => void
  openPanel: () => void
}) => {
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
  const dismiss = (id: string | undefined) => set(toasts.filter(({ item }) => item.id !== id))
  const hold = ({ type }: Event) => {
    held = type === 'pointerenter' || type === 'focusin'
  }
  const onPointerDown = createSwipe({
    find: (target) => target.closest<HTMLElement>('.toast[data-id]'),
    swiped: (card) => dismiss(card.dataset.id),
  })

  const actionsOf = (item: InboxItem) =>
    actionButtons(item, (event, { name, url }) => {
      dismiss(item.id)
      act(item, name)
      follow(event, item, url)
    })
  const card = ({ item }: Toast) => {
    const onKey = ({ key, target }: KeyboardEvent) => {
      if (key === 'Escape') dismiss(item.id)
      else if (key === 'Enter' && (target as Element).matches('span')) (target as HTMLElement).click()
    }
    const onOpen = (event: MouseEvent) => {
      dismiss(item.id)
      if (isLink(item.url)) follow(event, item, item.url, 'toast')
      else openPanel()
    }
    const title = titleOf(item)
    return html`
      <div
        class="toast"
        part="toast"
        data-id=${item.id}
        @pointerenter=${hold}
        @pointerleave=${hold}
        @focusin=${hold}
        @focusout=${hold}
        @keydown=${onKey}
      >
        ${avatar(item)}
        <div class="text">
          <p class="title" dir="auto">
            ${item.priority === 'critical' ? html`<span class="alarm">${icon('alert')}</span>` : nothing}${
              isLink(item.url)
                ? html`<a class="cover" href=${item.url} @click=${onOpen}>${title}</a>`
                : // A button cannot wrap like text.
                  html`<span class="cover" role="button" tabindex="0" @click=${onOpen}>${title}</span>`
            }
          </p>
          ${item.body ? html`<p class="body" dir="auto">${richText(item.body.slice(0, BODY_MAX))}</p>` : nothing}
          ${actionsOf(item)}
        </div>
        <button class="tool" aria-label=${text()('dismiss')} title=${text()('dismiss')} @click=${() => dismiss(item.id)}>
          ${icon('close')}
        </button>
      </div>
    `
  }
  const more = () => toasts.length - CARDS_MAX

  return {
    add(item: InboxItem) {
      const length = (item.title ?? '').length + (item.body ?? '').length
      const left = Math.min(TIME_MAX_MS, BASE_MS + (length / 40) * MS_PER_40_CHARACTERS)
      set([...toasts, { item, left }])
    },
    clear: () => set([]),
    /** Called after each rendering. */
    rendered: (root: ShadowRoot) =>
      root.querySelector<HTMLElement>('.toasts')?.togglePopover(toasts.length > 0),
    render: () => html`
      <div class="toasts" popover="manual" @pointerdown=${onPointerDown}>
        ${toasts.slice(0, CARDS_MAX).map(card)}
        ${more() > 0 ? html`<button class="toast many" @click=${openPanel}>${text()('new', { n: more() })}</button>` : nothing}
      </div>
    `,
  }
}

export type Toasts = ReturnType<typeof createToasts>
