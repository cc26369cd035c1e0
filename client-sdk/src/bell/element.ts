import type { InboxItem } from '@carillon/schemas'
import { type CSSResult, html, nothing } from 'lit'
import type { Client } from '../client/client.ts'
import type { CarillonError } from '../http/error.ts'
import { adoptStyles } from './adopt-styles.ts'
import { createAlerts } from './alerts/alerts.ts'
import { createAnnouncer } from './announcer.ts'
import { createBellButton } from './button.ts'
import { createDialog } from './dialog.ts'
import type { Follow } from './follow.ts'
import type { BellPanel } from './panel/panel.ts'
import { createProblems } from './problem.ts'
import { keepPush, openClient, openPush } from './session.ts'
import { BellSettings } from './settings.ts'
import { buttonStyles } from './styles/button.ts'
import { tokens } from './styles/tokens.ts'
import { createLanguage } from './text/language.ts'
import { isLink } from './text/link.ts'
import { titleOf } from './text/title.ts'

const MINUTE_MS = 60_000
const SMALL = '(width < 480px), (height < 480px)'

/**
 * `<notification-bell>`: a button with the number of unread notifications, and a panel with the inbox of the signed-in user.
 *
 * - `url`, and `token`, `token-url` or the property `token`: the URL of the hub and the user's token. The property `client`
 *   replaces them.
 * - `mode`: `popover` (default), `inline` and `page` show the panel in place, without the button, and `banner` only
 *   announcements.
 * - `sound`, `title-badge` and `favicon-badge`: further indicators of unread items.
 * - The panel, toasts and announcements are loaded when they are first needed.
 * - Events: `notification`, `item-click` (cancelable), `counts` and `error`, with their value in `detail`. All but `error`
 *   bubble.
 */
export class NotificationBell extends BellSettings {
  static override styles = [tokens, buttonStyles]

  #client: Client | undefined
  #isOwnClient = false
  #panel: BellPanel | undefined
  /** Whether the panel could not be loaded. */
  #hasPanelFailed = false
  #off: (() => void)[] = []
  #detached: AbortController | undefined
  #button = createBellButton()
  #small = globalThis.matchMedia?.(SMALL)
  #update = () => this.requestUpdate()
  #language = createLanguage(this.#update)
  #adopt = (styles: readonly CSSResult[]) => adoptStyles(this.renderRoot as ShadowRoot, styles)
  #problems = createProblems(this.#update)
  #announcer = createAnnouncer(
    // A modal dialog makes everything outside it inert, so it has a live region of its own.
    () => this.renderRoot.querySelector(this.#dialog.isShown ? 'dialog .live' : '.live.outer'),
    () => this.#language.text,
  )
  #dialog = createDialog({
    root: () => this.renderRoot as ShadowRoot,
    isSheet: () => this.#isSheet,
    onShown: () => {
      this.open = true
      this.#alerts.clearToasts()
      this.#panel?.open()
    },
    onHidden: () => {
      this.open = false
      this.#panel?.commit()
      this.#panel?.closed()
    },
  })

  #alerts = createAlerts({
    element: this,
    options: () => this,
    text: () => this.#language.text,
    adopt: this.#adopt,
    root: () => this.renderRoot as ShadowRoot,
    isOpen: () => this.#dialog.isShown || this.#isInPlace,
    hasDialog: () => this.#dialog.isShown,
    openPanel: () => this.#openPanel(),
    follow: (...click) => this.#follow(...click),
    update: this.#update,
  })

  override connectedCallback() {
    super.connectedCallback()
    // Before the first update, properties may be missing. That update connects.
    if (this.hasUpdated) {
      this.#connect()
      // Shows an open panel again, because the browser hides it when the element is moved.
      this.requestUpdate('open', null)
    }
    const clock = setInterval(this.#update, MINUTE_MS)
    this.#detached = new AbortController()
    const { signal } = this.#detached
    const onVisibility = () => {
      if (document.visibilityState === 'hidden') this.#panel?.commit()
      this.#update()
    }
    document.addEventListener('visibilitychange', onVisibility, { signal })
    this.#small?.addEventListener('change', this.#update, { signal })
    signal.addEventListener('abort', () => clearInterval(clock))
  }

  override disconnectedCallback() {
    super.disconnectedCallback()
    this.#detached?.abort()
    this.#dialog.removed()
    this.#disconnect()
    this.#announcer.stop()
    this.#problems.stop()
  }

  override willUpdate(changed: Map<PropertyKey, unknown>) {
    if (changed.has('locale') || changed.has('strings') || !this.hasUpdated) {
      const lang = this.closest<HTMLElement>('[lang]')?.lang
      this.#language.choose(this.locale || lang || globalThis.navigator?.language || 'en', this.strings)
    }
    const isReconfigured = ['url', 'token', 'tokenUrl', 'context', 'client'].some((key) => changed.has(key))
    if (isReconfigured && this.isConnected) {
      this.#disconnect()
      this.#connect()
    }
    if (this.#isInPlace && changed.has('mode')) void this.#loadPanel()
  }

  override updated(changed: Map<PropertyKey, unknown>) {
    const { isShown } = this.#dialog
    // A change of the mode replaces the dialog.
    if ((changed.has('open') || changed.has('mode')) && this.open !== isShown)
      this.open ? void this.#show() : this.#dialog.hide()
    if (isShown || this.#isInPlace) this.#panel?.rendered()
    this.#dialog.rendered()
    // An update may be pending when the element is removed.
    if (this.isConnected) this.#alerts.rendered()
  }

  #connect() {
    this.#isOwnClient = !this.client
    this.#client = this.client ?? openClient(this)
    const client = this.#client
    this.#problems.connected(!!client)
    if (!client) return
    this.#alerts.connect(client)
    this.#off.push(
      client.counts.subscribe(this.#onCounts),
      client.on('notification', this.#onNotification),
      client.on('connection', this.#onConnection),
      client.on('error', this.#onError),
      keepPush(this, client),
    )
    if (this.#isInPlace || this.open) void this.#loadPanel()
  }

  /** Loads the panel unless it is loaded. */
  #loadPanel = async () => {
    const client = this.#client
    if (!client || this.#panel) return
    try {
      const { createPanel, styles } = await import('./panel/panel.ts')
      if (client !== this.#client || this.#panel) return
      this.#adopt(styles)
      this.#panel = createPanel({
        client,
        root: this.renderRoot as ShadowRoot,
        text: () => this.#language.text,
        textWith: this.#language.textWith,
        locale: () => this.#language.locale,
        isSheet: () => this.#isSheet,
        sound: () => this.sound,
        openPush: () => openPush(this),
        problem: () => this.#problems.current,
        renderItem: () => this.renderItem,
        announce: (text) => this.#announcer.announce(text),
        follow: this.#follow,
        close: this.#dialog.hide,
        update: this.#update,
      })
      this.#hasPanelFailed = false
      if (this.#dialog.isShown) this.#panel.open()
    } catch (error) {
      this.#hasPanelFailed = true
      console.error('<notification-bell>: the panel cannot be loaded.', error)
    }
    this.#update()
  }

  #openPanel = () => {
    this.open = true
  }

  #show = async () => {
    await this.#loadPanel()
    if (this.open && this.isConnected) this.#dialog.show()
  }

  #disconnect() {
    for (const off of this.#off.splice(0)) off()
    this.#panel?.stop()
    this.#panel = undefined
    if (this.#isOwnClient) this.#client?.close()
    this.#client = undefined
    this.#alerts.disconnect()
  }

  #emit(name: string, detail: unknown, cancelable = false): boolean {
    // An `error` event that reaches the window is handled as a script error.
    const bubbles = name !== 'error'
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles, composed: bubbles }))
  }

  #onCounts = () => {
    this.#emit('counts', this.#client?.counts.getSnapshot())
    this.#update()
  }
  #onNotification = (item: InboxItem) => {
    this.#emit('notification', item)
    if (!this.#dialog.isShown && !this.#isInPlace) this.#announcer.arrived(titleOf(item))
    this.#alerts.arrived(item)
  }
  #onConnection = () => {
    this.#problems.followed(this.#client?.connection)
    this.#update()
  }
  #onError = (error: CarillonError) => {
    this.#problems.failed(error, this.#client?.connection)
    this.#emit('error', error)
  }

  /** Reports a click, and opens the link unless the app cancels `item-click` or navigates itself. */
  #follow: Follow = (event, item, url, via) => {
    // The request is sent before the page navigates. The `error` event of the client reports a failure.
    if (via) void this.#client?.clicked(item.id, via).catch(() => {})
    if (!this.#emit('item-click', item, true)) return event.preventDefault()
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!isLink(url) || !isPlain) return
    if (this.navigate) {
      event.preventDefault()
      this.#dialog.hide()
      this.navigate(url)
    } else if ((event.currentTarget as Element).localName !== 'a') location.assign(url)
  }

  get #isInPlace() {
    return this.mode === 'inline' || this.mode === 'page'
  }
  get #isSheet() {
    return !this.#isInPlace && (this.#small?.matches ?? false)
  }

  #content() {
    if (this.#panel) return this.#panel.render()
    if (this.#client && !this.#hasPanelFailed) return nothing
    const { text } = this.#language
    return html`<p class="trouble" role="alert"><span id="name">${text('loadError')}</span> <button class="link" ?hidden=${!this.#client} @click=${this.#loadPanel}>${text('tryNow')}</button></p>`
  }

  override render(): unknown {
    const alerts = this.#alerts.render()
    const live = html`<p class="live outer hidden" aria-live="polite"></p>`
    if (this.mode === 'banner') return html`${alerts}${live}`
    const content = this.#isInPlace || this.open ? this.#content() : nothing
    if (this.#isInPlace)
      return html`<div class="panel" part="panel" role="region" aria-labelledby="name">${content}</div>${alerts}${live}`
    return html`
      ${this.#button({
        counts: this.#panel?.counts() ?? this.#client?.counts.getSnapshot() ?? { unread: 0, unseen: 0 },
        text: this.#language.text,
        isOpen: this.open,
        isLoaded: this.#alerts.isLoaded,
        target: this.#isSheet || !this.#panel ? undefined : 'panel',
        onNear: this.#loadPanel,
        onOpen: this.#openPanel,
      })}
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
        @focusout=${this.#dialog.onFocusOut}
      >
        ${content}
        <p class="live hidden" aria-live="polite"></p>
      </dialog>
      ${alerts}${live}
    `
  }
}

/** Registers `<notification-bell>` once. */
export const defineNotificationBell = (): void => {
  if (!customElements.get('notification-bell')) customElements.define('notification-bell', NotificationBell)
}

declare global {
  interface HTMLElementTagNameMap {
    'notification-bell': NotificationBell
  }
}
