import type { InboxItem } from '@carillon/schemas'
import { html, LitElement, nothing } from 'lit'
import type { Client } from '../client/client.ts'
import { type CarillonError, isRefusal } from '../http/error.ts'
import type { TokenSource } from '../http/token.ts'
import { adoptStyles } from './adopt-styles.ts'
import { createAnnouncer } from './announcer.ts'
import { createDialog } from './dialog.ts'
import { icon } from './icon.ts'
import type { RenderItem } from './panel/context.ts'
import type { BellPanel } from './panel/panel.ts'
import { openClient } from './session.ts'

import { buttonStyles } from './styles/button.ts'
import { tokens } from './styles/tokens.ts'
import { countText } from './text/count.ts'
import type { Strings } from './text/english.ts'
import { createText, type Text } from './text/text.ts'
import { createTimes, type Times } from './text/times.ts'
import { titleOf } from './text/title.ts'
import type { Toasts } from './toasts/toasts.ts'

const MINUTE_MS = 60_000
const SMALL = '(width < 480px), (height < 480px)'

/**
 * `<notification-bell>`: a button with the number of unread notifications, and a panel with the inbox of the signed-in user.
 *
 * - `url`, and `token`, `token-url` or the property `token`: where the hub is, and who the user is. A property `client` replaces them.
 * - `mode`: `popover` (default), `inline` and `page` show the panel in place, without the button.
 * - The panel and the toasts are loaded when they are first needed.
 * - Events: `notification` and `item-click` (cancelable) with the item, `counts`, and `error`, each in `detail`.
 */
export class NotificationBell extends LitElement {
  static override styles = [tokens, buttonStyles]
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
  #panel: BellPanel | undefined
  #toasts: Toasts | undefined
  /** Whether the panel could not be loaded. */
  #isBroken = false
  #off: (() => void)[] = []
  #detached: AbortController | undefined
  #text: Text = createText('en')
  #times: Times = createTimes('en')
  #problem: 'signIn' | undefined
  #small = globalThis.matchMedia?.(SMALL)
  #update = () => this.requestUpdate()
  #announcer = createAnnouncer(
    (text) => this.#say(text),
    () => this.#text,
  )
  #dialog = createDialog({
    root: () => this.renderRoot as ShadowRoot,
    isSheet: () => this.#isSheet,
    onShown: () => {
      this.open = true
      this.#toasts?.clear()
      this.#panel?.open()
    },
    onHidden: () => {
      this.open = false
      this.#panel?.closed()
    },
  })

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
      if (document.visibilityState === 'hidden') this.#panel?.commit()
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
    if (this.#isInPlace && changed.has('mode')) void this.#loadPanel()
  }

  override updated(changed: Map<PropertyKey, unknown>) {
    const { isShown } = this.#dialog
    if (changed.has('open') && this.open !== isShown) this.open ? void this.#show() : this.#dialog.hide()
    if (isShown || this.#isInPlace) this.#panel?.rendered()
    this.#dialog.rendered()
    // An update may be pending when the element is removed.
    if (this.isConnected)
      this.renderRoot.querySelector<HTMLElement>('.toasts')?.togglePopover(!!this.#toasts?.count)
  }

  #connect() {
    this.#isOwnClient = !this.client
    this.#client = this.client ?? openClient(this)
    const client = this.#client
    if (!client) return
    this.#problem = undefined
    this.#off.push(
      client.counts.subscribe(this.#onCounts),
      client.on('notification', this.#onNotification),
      client.on('connection', this.#onConnection),
      client.on('error', this.#onError),
    )
    if (this.#isInPlace) void this.#loadPanel()
  }

  /** Loads the panel, unless it is there. */
  #loadPanel = async () => {
    const client = this.#client
    if (!client || this.#panel) return
    try {
      const { createPanel, styles } = await import('./panel/panel.ts')
      if (client !== this.#client || this.#panel) return
      adoptStyles(this.renderRoot as ShadowRoot, styles)
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
        close: this.#dialog.hide,
        update: this.#update,
      })
      this.#isBroken = false
      if (this.#dialog.isShown) this.#panel.open()
    } catch (error) {
      this.#isBroken = true
      console.error('<notification-bell>: the panel cannot be loaded.', error)
    }
    this.#update()
  }

  #show = async () => {
    await this.#loadPanel()
    if (this.open && this.isConnected) this.#dialog.show()
  }

  async #toast(item: InboxItem) {
    // The item is in the panel even if the toasts cannot be loaded.
    const toasts = await import('./toasts/toasts.ts').catch(() => undefined)
    if (!toasts || this.#dialog.isShown || !this.#client) return
    adoptStyles(this.renderRoot as ShadowRoot, toasts.styles)
    this.#toasts ??= toasts.createToasts(this.#update)
    this.#toasts.add(item)
  }

  #disconnect() {
    for (const off of this.#off.splice(0)) off()
    this.#panel?.stop()
    this.#panel = undefined
    if (this.#isOwnClient) this.#client?.close()
    this.#client = undefined
    this.#toasts?.clear()
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
    if (this.#dialog.isShown || this.#isInPlace) return
    this.#announcer.arrived(titleOf(item))
    void this.#toast(item)
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
      this.#dialog.hide()
    } else if ((event.currentTarget as Element).localName !== 'a') location.assign(url)
  }

  get #isInPlace(): boolean {
    return this.mode === 'inline' || this.mode === 'page'
  }
  get #isSheet(): boolean {
    return this.#small?.matches ?? false
  }

  #say(text: string) {
    // A modal dialog makes what is outside inert, so there is a region inside, too.
    const region = this.renderRoot.querySelector(this.#dialog.isShown ? 'dialog .live' : '.live.outer')
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
        popovertarget=${this.#isSheet || !this.#panel ? nothing : 'panel'}
        @pointerenter=${this.#loadPanel}
        @focus=${this.#loadPanel}
        @click=${this.#onClick}
      >
        <slot name="icon">${icon('bell')}</slot>
        ${unread > 0 ? html`<span class=${unseen > 0 ? 'badge' : 'badge calm'} part="badge" aria-hidden="true">${countText(counts)}</span>` : nothing}
      </button>
    `
  }

  #onClick = ({ currentTarget }: Event) => {
    if (!(currentTarget as Element).hasAttribute('popovertarget')) this.open = true
  }

  #content() {
    if (this.#panel) return this.#panel.render()
    if (!this.#isBroken) return nothing
    return html`<p role="alert">${this.#text('loadError')} <button class="link" @click=${this.#loadPanel}>${this.#text('tryNow')}</button></p>`
  }

  override render(): unknown {
    const content = this.#isInPlace || this.open ? this.#content() : nothing
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
        @toggle=${this.#dialog.onToggle}
        @close=${this.#dialog.onClose}
        @click=${this.#dialog.onClick}
      >
        ${content}${live}
      </dialog>
      ${this.#toasts?.render(
        this.#text,
        (event, item) => this.#follow(event, item, item.url),
        () => {
          this.open = true
        },
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
