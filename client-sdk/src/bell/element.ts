import type { InboxItem } from '@carillon/schemas'
import { html, LitElement, nothing } from 'lit'
import type { Client } from '../client/client.ts'
import { type CarillonError, isRefusal } from '../http/error.ts'
import type { TokenSource } from '../http/token.ts'
import { createAnnouncer } from './announcer.ts'
import { icon } from './icon.ts'
import type { RenderItem } from './panel/context.ts'
import { titleOf } from './panel/item.ts'
import { createPanel } from './panel/panel.ts'
import { countText, panelView } from './panel/view.ts'
import { openClient } from './session.ts'
import { buttonStyles } from './styles/button.ts'
import { itemStyles } from './styles/item.ts'
import { listStyles } from './styles/list.ts'
import { menuStyles } from './styles/menu.ts'
import { panelStyles } from './styles/panel.ts'
import { toastStyles } from './styles/toast.ts'
import { tokens } from './styles/tokens.ts'
import type { Strings } from './text/english.ts'
import { createText, type Text } from './text/text.ts'
import { createTimes, type Times } from './text/times.ts'
import { createToasts } from './toasts/toasts.ts'

const MINUTE_MS = 60_000
const SMALL = '(width < 480px), (height < 480px)'

/**
 * `<notification-bell>`: a button with the number of unread notifications, and a panel with the inbox of the signed-in user.
 *
 * - `url`, and `token`, `token-url` or the property `token`: where the hub is, and who the user is. A property `client` replaces them.
 * - `mode`: `popover` (default), `inline` and `page` show the panel in place, without the button.
 * - Events: `notification` and `item-click` (cancelable) with the item, `counts`, and `error`, each in `detail`.
 */
export class NotificationBell extends LitElement {
  static override styles = [
    tokens,
    buttonStyles,
    panelStyles,
    listStyles,
    itemStyles,
    menuStyles,
    toastStyles,
  ]
  static override properties = {
    url: {},
    token: {},
    tokenUrl: { attribute: 'token-url' },
    locale: {},
    theme: { reflect: true },
    mode: { reflect: true },
    density: { reflect: true },
    open: { type: Boolean, reflect: true },
    client: { attribute: false },
    strings: { attribute: false },
    navigate: { attribute: false },
    renderItem: { attribute: false },
  }
  declare url: string | undefined
  declare token: TokenSource | undefined
  declare tokenUrl: string | undefined
  declare locale: string | undefined
  declare theme: 'light' | 'dark' | 'system' | undefined
  declare mode: 'popover' | 'inline' | 'page' | undefined
  declare density: 'compact' | undefined
  declare open: boolean
  declare client: Client | undefined
  declare strings: Partial<Strings> | undefined
  /** Called with the URL of an item in place of loading it, for single-page apps. */
  declare navigate: ((url: string) => void) | undefined
  declare renderItem: RenderItem | undefined

  #client: Client | undefined
  #isOwnClient = false
  #panel: ReturnType<typeof createPanel> | undefined
  #off: (() => void)[] = []
  #detached: AbortController | undefined
  #text: Text = createText('en')
  #times: Times = createTimes('en')
  #problem: 'signIn' | undefined
  #small = globalThis.matchMedia?.(SMALL)
  #update = () => this.requestUpdate()
  #toasts = createToasts(this.#update)
  #announcer = createAnnouncer(
    (text) => this.#say(text),
    () => this.#text,
  )

  override connectedCallback() {
    super.connectedCallback()
    // The first update connects otherwise, when all properties are set.
    if (this.hasUpdated) {
      this.#connect()
      this.#update()
    }
    const clock = setInterval(this.#update, MINUTE_MS)
    this.#detached = new AbortController()
    const { signal } = this.#detached
    const turned = () => {
      if (document.visibilityState === 'hidden') this.#panel?.undo.commit()
      this.#update()
    }
    document.addEventListener('visibilitychange', turned, { signal })
    this.#small?.addEventListener('change', this.#update, { signal })
    signal.addEventListener('abort', () => clearInterval(clock))
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#detached?.abort()
    this.#disconnect()
    this.#announcer.stop()
  }

  override willUpdate(changed: Map<PropertyKey, unknown>) {
    if (changed.has('locale') || changed.has('strings')) {
      const lang = this.closest<HTMLElement>('[lang]')?.lang
      const locale = this.locale || lang || globalThis.navigator?.language || 'en'
      this.#text = createText(locale, this.strings)
      this.#times = createTimes(locale)
    }
    const isOther = ['url', 'token', 'tokenUrl', 'client'].some((key) => changed.has(key))
    if (isOther && this.isConnected) {
      this.#disconnect()
      this.#connect()
    }
  }

  override updated(changed: Map<PropertyKey, unknown>) {
    if (changed.has('open') && this.open !== this.#isShown) this.open ? this.#show() : this.#hide()
    if (this.#isShown || this.#isInPlace) this.#panel?.rendered()
    // An open panel never shrinks. CSP allows changes of the CSSOM.
    const dialog = this.#dialog
    if (dialog) dialog.style.minBlockSize = this.#isShown && !this.#isSheet ? `${dialog.offsetHeight}px` : ''
    const toasts = this.renderRoot.querySelector<HTMLElement>('.toasts')
    if (toasts?.isConnected) toasts.togglePopover(this.#toasts.count > 0)
  }

  #connect() {
    this.#isOwnClient = !this.client
    this.#client = this.client ?? openClient(this)
    const client = this.#client
    if (!client) return
    this.#problem = undefined
    this.#panel = createPanel({
      client,
      root: this.renderRoot as ShadowRoot,
      text: () => this.#text,
      times: () => this.#times,
      isSheet: () => this.#isSheet,
      problem: () => this.#problem,
      renderItem: () => this.renderItem,
      announce: (text) => this.#announcer.announce(text),
      follow: this.#follow,
      close: () => this.#hide(),
      update: this.#update,
    })
    this.#off.push(
      client.counts.subscribe(this.#onCounts),
      client.on('notification', this.#onNotification),
      client.on('connection', this.#onConnection),
      client.on('error', this.#onError),
    )
  }

  #disconnect() {
    for (const off of this.#off.splice(0)) off()
    this.#panel?.stop()
    this.#panel = undefined
    if (this.#isOwnClient) this.#client?.close()
    this.#client = undefined
    this.#toasts.clear()
  }

  #emit(name: string, detail: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }))
  }

  #onCounts = () => {
    this.#emit('counts', this.#client?.counts.getSnapshot())
    this.#update()
  }
  #onNotification = (item: InboxItem) => {
    this.#emit('notification', item)
    if (this.#isShown || this.#isInPlace) return
    this.#announcer.arrived(titleOf(item))
    this.#toasts.add(item)
  }
  #onConnection = () => {
    if (this.#client?.connection === 'live') this.#problem = undefined
    this.#update()
  }
  #onError = (error: CarillonError) => {
    if (isRefusal(error.code) && !error.action) {
      this.#problem = 'signIn'
      console.error(
        `<notification-bell>: ${error.message} (${error.code}). Give it a valid token of the user.`,
      )
    }
    this.#emit('error', error)
    this.#update()
  }

  /** Opens a link, unless the app cancels `item-click` or navigates itself. */
  #follow = (event: MouseEvent, item: InboxItem, url: string | undefined) => {
    if (!this.#emit('item-click', item, true)) return event.preventDefault()
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!url || !isPlain) return
    if (this.navigate) {
      event.preventDefault()
      this.navigate(url)
      this.#hide()
    } else if ((event.currentTarget as Element).localName !== 'a') location.assign(url)
  }

  get #dialog() {
    return this.renderRoot.querySelector<HTMLDialogElement>('dialog')
  }
  get #isShown(): boolean {
    return this.#dialog?.matches(':popover-open, [open]') ?? false
  }
  get #isInPlace(): boolean {
    return this.mode === 'inline' || this.mode === 'page'
  }
  get #isSheet(): boolean {
    return this.#small?.matches ?? false
  }

  #show() {
    const dialog = this.#dialog
    if (!dialog || this.#isShown) return
    this.#toasts.clear()
    if (this.#isSheet) {
      dialog.popover = null
      dialog.showModal()
      this.#onShown()
    } else {
      dialog.popover = 'auto'
      dialog.showPopover()
    }
  }
  #hide() {
    const dialog = this.#dialog
    if (dialog?.open && !dialog.matches(':popover-open')) dialog.close()
    else if (this.#isShown) dialog?.hidePopover()
  }
  #onShown() {
    this.open = true
    this.#panel?.open()
    this.#dialog?.focus()
  }
  #onHidden = () => {
    this.open = false
    this.#panel?.closed()
    // A closed popover does not return the focus to a button in a shadow root.
    const { activeElement } = this.renderRoot as ShadowRoot
    if (!activeElement || activeElement.closest('dialog'))
      this.renderRoot.querySelector<HTMLElement>('.bell')?.focus()
  }
  #onToggle = ({ newState, target }: ToggleEvent) => {
    if (target !== this.#dialog) return
    newState === 'open' ? this.#onShown() : this.#onHidden()
  }

  #say(text: string) {
    // A modal dialog makes what is outside inert, so there is a region inside, too.
    const region = this.renderRoot.querySelector(this.#isShown ? 'dialog .live' : '.live.outer')
    if (region) region.textContent = text
  }

  #button() {
    const counts = this.#client?.counts.getSnapshot() ?? { unread: 0, unseen: 0 }
    const { unread, unseen, more } = counts
    const label = more || unread > 99 ? 'bellMore' : unread > 0 ? 'bellUnread' : 'bell'
    const name = this.#text(label, { n: Math.min(unread, 99) })
    return html`
      <button
        class="bell"
        part="button"
        aria-haspopup="dialog"
        aria-expanded=${this.open ? 'true' : 'false'}
        aria-label=${name}
        popovertarget=${this.#isSheet ? nothing : 'panel'}
        @click=${() => this.#isSheet && this.#show()}
      >
        <slot name="icon">${icon('bell')}</slot>
        ${unread > 0 ? html`<span class=${unseen > 0 ? 'badge' : 'badge calm'} part="badge" aria-hidden="true">${countText(counts)}</span>` : nothing}
      </button>
    `
  }

  override render() {
    const content = this.#panel ? panelView(this.#panel.view) : nothing
    const live = html`<p class="live hidden" aria-live="polite"></p>`
    if (this.#isInPlace)
      return html`<div class="panel" part="panel" role="region" aria-labelledby="name">${content}</div><p class="live outer hidden" aria-live="polite"></p>`
    return html`
      ${this.#button()}
      <dialog
        id="panel"
        class=${this.#isSheet ? 'panel sheet' : 'panel'}
        part="panel"
        popover
        tabindex="-1"
        aria-labelledby="name"
        @toggle=${this.#onToggle}
        @close=${this.#onHidden}
        @click=${(event: Event) => event.target === this.#dialog && this.#hide()}
      >
        ${this.open ? content : nothing}${live}
      </dialog>
      ${this.#toasts.render(
        this.#text,
        (event, item) => this.#follow(event, item, item.url),
        () => this.#show(),
      )}
      <p class="live outer hidden" aria-live="polite"></p>
    `
  }
}

/** Registers `<notification-bell>`, unless it is registered already. */
export const defineNotificationBell = (): void => {
  if (!customElements.get('notification-bell')) customElements.define('notification-bell', NotificationBell)
}

declare global {
  interface HTMLElementTagNameMap {
    'notification-bell': NotificationBell
  }
}
