import { html, nothing } from 'lit'
import type { Client } from '../client/client.ts'
import { adoptStyles } from './adopt-styles.ts'
import type { BellPanel, PanelHost } from './panel/panel.ts'

/** The interface of the element. */
type LazyPanelHost = Omit<PanelHost, 'client' | 'root'> & {
  client: () => Client | undefined
  root: () => ShadowRoot
  /** Whether the panel is open as a dialog. */
  hasDialog: () => boolean
}

/** Creates the panel of a bell when it is first needed. Its code is loaded then. */
export const createLazyPanel = (host: LazyPanelHost) => {
  let panel: BellPanel | undefined
  let hasFailed = false

  /** Loads the panel unless it is loaded. */
  const load = async () => {
    const client = host.client()
    if (!client || panel) return
    try {
      const { createPanel, styles } = await import('./panel/panel.ts')
      if (client !== host.client() || panel) return
      const root = host.root()
      adoptStyles(root, styles)
      panel = createPanel({ ...host, client, root })
      hasFailed = false
      if (host.hasDialog()) panel.open()
    } catch (error) {
      hasFailed = true
      console.error('<notification-bell>: the panel cannot be loaded.', error)
    }
    host.update()
  }

  return {
    load,
    onKey: (event: KeyboardEvent) => panel?.onKey(event),
    /** The panel; undefined until it is loaded. */
    get current() {
      return panel
    },
    /** Renders the panel, or the reason why it is missing. */
    render() {
      if (panel) return panel.render()
      const client = host.client()
      if (client && !hasFailed) return nothing
      const text = host.text()
      return html`<p class="trouble" role="alert"><span id="name">${text('loadError')}</span> <button class="link" ?hidden=${!client} @click=${load}>${text('tryNow')}</button></p>`
    },
    /** Ends the panel, because the client is replaced or the element is removed. */
    stop() {
      panel?.stop()
      panel = undefined
    },
  }
}
