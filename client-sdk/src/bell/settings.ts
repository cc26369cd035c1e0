import { LitElement } from 'lit'
import type { Client } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import type { Push } from '../push/push.ts'
import type { RenderItem } from './panel/panel-state.ts'
import type { Strings } from './text/english.ts'

/** The attributes and properties of `<notification-bell>`. */
export abstract class BellSettings extends LitElement {
  static override properties = {
    url: {},
    token: {},
    tokenUrl: { attribute: 'token-url' },
    context: {},
    locale: {},
    theme: { reflect: true },
    mode: { reflect: true },
    density: { reflect: true },
    open: { type: Boolean, reflect: true },
    sound: { type: Boolean },
    titleBadge: { type: Boolean, attribute: 'title-badge' },
    faviconBadge: { attribute: 'favicon-badge' },
    pushWorker: { attribute: 'push-worker' },
    push: { attribute: false },
    client: { attribute: false },
    strings: { attribute: false },
    navigate: { attribute: false },
    renderItem: { attribute: false },
  }
  declare url: string | undefined
  declare token: TokenSource | undefined
  declare tokenUrl: string | undefined
  /** Limits the bell to a context; `''` stands for items without a context. */
  declare context: string | null | undefined
  declare locale: string | undefined
  declare theme: 'light' | 'dark' | 'system' | undefined
  declare mode: 'popover' | 'inline' | 'page' | 'banner' | undefined
  declare density: 'compact' | undefined
  declare open: boolean
  /** Whether new items play a sound, unless the user has chosen otherwise. */
  declare sound: boolean | undefined
  /** Whether the page title begins with the number of unread items. */
  declare titleBadge: boolean | undefined
  /** The URL of an icon that replaces the page's icons while there are unread items. */
  declare faviconBadge: string | undefined
  /** The path of the page's service worker, which makes the bell offer web push; '' for the worker of the hub. */
  declare pushWorker: string | undefined
  /** The web push of an app that creates its own. */
  declare push: Push | undefined
  declare client: Client | undefined
  declare strings: Partial<Strings> | undefined
  /** Called with the URL of an item in place of loading it, for single-page apps. */
  declare navigate: ((url: string) => void) | undefined
  declare renderItem: RenderItem | undefined
}
