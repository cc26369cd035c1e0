import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import type { Feed } from '../../feed/feed.ts'
import type { Follow } from '../follow.ts'
import { createSeen } from '../seen.ts'
import type { Text } from '../text/text.ts'
import { type AnnouncementActs, announcement, announcementDialog, styles } from './card.ts'
import { createModalTime } from './modal-time.ts'

export { styles }

/** The interval at which a waiting dialog checks whether it may open, in ms. */
const CHECK_MS = 1_000

/** Whether an element of this page shows a dialog. Only one is shown at a time. */
let isDialogShown = false

export type AnnouncementsHost = {
  feed: Feed
  root: () => ShadowRoot
  text: () => Text
  follow: Follow
  /** Whether the panel is open as a dialog. No announcement covers it. */
  hasDialog: () => boolean
  update: () => void
}

/** Shows announcements as banners and dialogs: one of each at a time, newest first. */
export const createAnnouncements = ({ feed, root, text, follow, hasDialog, update }: AnnouncementsHost) => {
  let banner: InboxItem | undefined
  /** `next` is the newest item to show as a dialog; `modal` is the one that is shown. */
  let next: InboxItem | undefined
  let modal: InboxItem | undefined
  // The `error` event of the client reports a failed action, and a dismissed item is shown again.
  const seen = createSeen((ids) => void feed.seen(ids).catch(() => {}))
  const time = createModalTime()
  const dialog = () => root().querySelector<HTMLDialogElement>('dialog.modal')

  const dismiss = (item: InboxItem) => void feed.archive(item.id).catch(() => {})
  const acts: AnnouncementActs = {
    dismiss,
    open(event, item) {
      follow(event, item, item.url, 'banner')
      if (item === modal) dismiss(item)
    },
    act(event, item, { name, url }) {
      void feed.act(item.id, name).catch(() => {})
      follow(event, item, url)
      dismiss(item)
    },
  }

  const show = (item: InboxItem | undefined) => {
    if (!modal !== !item) isDialogShown = !!item
    modal = item
    update()
  }
  const check = () => {
    if (modal || !next || isDialogShown || hasDialog() || !time.isNow()) return
    show(next)
  }
  const clock = setInterval(check, CHECK_MS)

  return {
    /** Sets the items to announce, newest first. */
    set(items: readonly InboxItem[]) {
      banner = items.find(({ display }) => display === 'banner')
      const modals = items.filter(({ display }) => display === 'modal')
      next = modals[0]
      if (modal) show(modals.find(({ id }) => id === modal?.id))
      check()
      update()
    },
    /** Renders the banner, in the flow of the page or as a card in the top layer. */
    banner: (isInFlow: boolean) => html`
      <div class=${isInFlow ? 'banner' : 'banner card'} popover=${isInFlow ? nothing : 'manual'}>
        ${banner ? announcement(banner, text(), acts, 'banner-title') : nothing}
      </div>
    `,
    modal: () => html`
      <dialog
        class="modal"
        part="modal"
        tabindex="-1"
        aria-labelledby="modal-title"
        aria-describedby=${modal?.body ? 'modal-body' : nothing}
        data-id=${modal?.id ?? nothing}
        @close=${() => modal && dismiss(modal)}
        @click=${({ target }: Event) => target === dialog() && modal && dismiss(modal)}
      >
        ${modal ? announcementDialog(modal, text(), acts) : nothing}
      </dialog>
    `,
    /** Called after each rendering. Shows or hides the banner and the dialog. */
    rendered() {
      const card = root().querySelector<HTMLElement>('.banner.card')
      if (card && card.matches(':popover-open') !== !!banner) card.togglePopover(!!banner)
      const element = dialog()
      if (element && element.open !== !!modal) {
        if (modal) element.showModal()
        else element.close()
        if (modal) element.focus()
      }
      seen.watch(null, root().querySelectorAll('.banner [data-id], .modal[data-id]'))
    },
    stop() {
      clearInterval(clock)
      seen.stop()
      time.stop()
      dialog()?.close()
      if (modal) isDialogShown = false
      modal = undefined
    },
  }
}
export type Announcements = ReturnType<typeof createAnnouncements>
