import type { InboxItem } from '@carillon/schemas'
import { html, nothing } from 'lit'
import type { Client } from '../client/client.ts'
import type { CarillonError } from '../http/error.ts'
import { NONE } from '../inbox/counts.ts'
import { createAlerts } from './alerts/alerts.ts'
import { createAnnouncer } from './announcer.ts'
import { createBellButton } from './button.ts'
import { createDialog } from './dialog.ts'
import { createFollow } from './follow.ts'
import { createLazyPanel } from './lazy-panel.ts'
import { createProblems } from './problem.ts'
import { keepPush, openClient, openPush } from './session.ts'
import { BellSettings } from './settings.ts'
import { buttonStyles } from './styles/button.ts'
import { tokens } from './styles/tokens.ts'
import { createLanguage } from './text/language.ts'
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
  #off: (() => void)[] = []
  #detached: AbortController | undefined
  #button = createBellButton()
  #small = globalThis.matchMedia?.(SMALL)
  #update = () => this.requestUpdate()
  #language = createLanguage(this.#update)
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
      this.#panel.current?.open()
    },
    onHidden: () => {
      this.open = false
      this.#panel.current?.closed()
    },
  })
  #follow = createFollow({
    client: () => this.#client,
    emitClick: (item) => this.#emit('item-click', item, true),
    navigate: () => this.navigate,
    hide: this.#dialog.hide,
  })
  #openPanel = () => {
    this.open = true
  }
  #alerts = createAlerts({
    element: this,
    options: () => this,
    text: () => this.#language.text,
    root: () => this.renderRoot as ShadowRoot,
    isOpen: () => this.#dialog.isShown || this.#isInPlace,
    hasDialog: () => this.#dialog.isShown,
    openPanel: this.#openPanel,
    follow: this.#follow,
    update: this.#update,
  })
  #panel = createLazyPanel({
    client: () => this.#client,
    text: () => this.#language.text,
    root: () => this.renderRoot as ShadowRoot,
    hasDialog: () => this.#dialog.isShown,
    textWith: this.#language.textWith,
    locale: () => this.#language.locale,
    isSheet: () => this.#isSheet,
    sound: () => this.sound,
    openPush: () => openPush(this),
    problem: () => this.#problems.current,
    renderItem: () => this.renderItem,
    announce: this.#announcer.announce,
    close: this.#dialog.hide,
    follow: this.#follow,
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
      if (document.visibilityState === 'hidden') this.#panel.current?.commit()
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
      this.#language.choose(this.locale || lang || navigator.language, this.strings)
    }
    const isReconfigured = ['url', 'token', 'tokenUrl', 'context', 'client'].some((key) => changed.has(key))
    if (isReconfigured && this.isConnected) {
      this.#disconnect()
      this.#connect()
    }
    if (this.#isInPlace && changed.has('mode')) void this.#panel.load()
  }

  override updated(changed: Map<PropertyKey, unknown>) {
    const { isShown } = this.#dialog
    // A change of the mode replaces the dialog.
    if ((changed.has('open') || changed.has('mode')) && this.open !== isShown)
      this.open ? void this.#show() : this.#dialog.hide()
    if (isShown || this.#isInPlace) this.#panel.current?.rendered()
    this.#dialog.rendered()
    // An update may be pending when the element is removed.
    if (this.isConnected) this.#alerts.rendered()
  }

  #connect() {
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
      this.#panel.stop,
    )
    // The panel sends its last actions before its client is closed.
    if (!this.client) this.#off.push(client.close)
    if (this.#isInPlace || this.open) void this.#panel.load()
  }

  #show = async () => {
    await this.#panel.load()
    if (this.open && this.isConnected) this.#dialog.show()
  }

  #disconnect() {
    for (const off of this.#off.splice(0)) off()
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

  get #isInPlace() {
    return this.mode === 'inline' || this.mode === 'page'
  }
  get #isSheet() {
    return !this.#isInPlace && !!this.#small?.matches
  }

  override render(): unknown {
    const alerts = this.#alerts.render()
    const live = html`<p class="live outer hidden" aria-live="polite"></p>`
    if (this.mode === 'banner') return html`${alerts}${live}`
    const content = this.#isInPlace || this.open ? this.#panel.render() : nothing
    if (this.#isInPlace)
      return html`<div class="panel" part="panel" role="region" aria-labelledby="name" @keydown=${this.#panel.onKey}>${content}</div>${alerts}${live}`
    return html`
      ${this.#button({
        counts: this.#panel.current?.counts() ?? this.#client?.counts.getSnapshot() ?? NONE,
        text: this.#language.text,
        isOpen: this.open,
        isLoaded: this.#alerts.isLoaded,
        target: this.#isSheet || !this.#panel.current ? undefined : 'panel',
        onNear: this.#panel.load,
        onOpen: this.#openPanel,
      })}
      <dialog
        id="panel"
        class=${this.#isSheet ? 'panel sheet' : 'panel'}
        part="panel"
        popover
        tabindex="-1"
        aria-labelledby="name"
        @keydown=${this.#panel.onKey}
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
