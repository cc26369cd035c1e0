import { adoptStyles } from '../adopt-styles.ts'
import type { PageHost, PreferencesPage } from '../preferences/preferences-page.ts'

/**
 * Shows the preferences in place of the list. Their code is loaded when they are first opened. `leave` is called when they
 * replace the list.
 */
export const createLazyPreferences = (host: Omit<PageHost, 'back'>, leave: () => void) => {
  const { root, update } = host
  let page: PreferencesPage | undefined
  /** Moves the focus after the next rendering. */
  let moveFocus: (() => void) | undefined

  const close = () => {
    page?.stop()
    page = undefined
  }
  const back = () => {
    close()
    moveFocus = () => {
      const buttons = [...root.querySelectorAll<HTMLElement>('.prefs-button, .more-button')]
      buttons.find((button) => button.checkVisibility())?.focus()
    }
    update()
  }
  const open = async () => {
    try {
      const { createPreferencesPage, styles } = await import('../preferences/preferences-page.ts')
      adoptStyles(root, styles)
      close()
      page = createPreferencesPage({ ...host, back })
      leave()
      moveFocus = () => root.querySelector<HTMLElement>('#name')?.focus()
    } catch (error) {
      console.error('<notification-bell>: the preferences cannot be loaded.', error)
    }
    update()
  }

  return {
    open: () => void open(),
    close,
    /** Renders the preferences; undefined while they are not open. */
    render: () => page?.render(),
    /** Called after each rendering of the panel. */
    rendered() {
      page?.rendered()
      moveFocus?.()
      moveFocus = undefined
    },
  }
}
