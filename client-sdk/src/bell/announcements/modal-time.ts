/** The minimum time since the last input, in ms. */
const TYPING_MS = 5_000

const EDITABLE = 'input, textarea, select, [contenteditable]:not([contenteditable="false"])'
const DIALOGS = ':modal, [aria-modal="true"], [role="dialog"], [role="alertdialog"]'

/** Returns the element with the focus, also inside of shadow roots. */
const focused = (): Element | null => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
}

/** Decides when a dialog may open on its own: the page is visible, no other dialog is open, and the user is not typing. */
export const createModalTime = () => {
  let typed = -TYPING_MS
  const onKey = () => {
    if (focused()?.matches(EDITABLE)) typed = performance.now()
  }
  // The user may be typing already.
  onKey()
  for (const event of ['keydown', 'input']) addEventListener(event, onKey, { capture: true, passive: true })

  return {
    isNow: () =>
      document.visibilityState === 'visible' &&
      performance.now() - typed >= TYPING_MS &&
      ![...document.querySelectorAll(DIALOGS)].some((dialog) => dialog.checkVisibility()),
    stop() {
      for (const event of ['keydown', 'input']) removeEventListener(event, onKey, { capture: true })
    },
  }
}
