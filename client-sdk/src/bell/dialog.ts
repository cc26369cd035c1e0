/** The interface of the element around the dialog. */
export type DialogHost = {
  root: () => ShadowRoot
  /** Whether the panel fills a small screen, as a modal dialog. */
  isSheet: () => boolean
  onShown: () => void
  onHidden: () => void
}

/** Shows and hides the dialog of the panel: a popover, or a modal sheet on small screens. */
export const createDialog = ({ root, isSheet, onShown, onHidden }: DialogHost) => {
  const find = () => root().querySelector<HTMLDialogElement>('dialog.panel')
  const isShown = () => find()?.matches(':popover-open, [open]') ?? false
  const hide = () => {
    const dialog = find()
    if (dialog?.open && !dialog.matches(':popover-open')) dialog.close()
    else if (isShown()) dialog?.hidePopover()
  }
  const shown = () => {
    onShown()
    find()?.focus()
  }
  const hidden = () => {
    onHidden()
    // A closed popover does not return the focus to a button in a shadow root.
    const { activeElement, body } = document
    // Another element of the page keeps the focus. Elements in slots belong to the page, too.
    if (root().activeElement || activeElement === body || root().host.contains(activeElement))
      root().querySelector<HTMLElement>('.bell')?.focus()
  }

  return {
    get isShown() {
      return isShown()
    },
    show() {
      const dialog = find()
      if (!dialog || isShown()) return
      if (isSheet()) {
        dialog.showModal()
        shown()
      } else dialog.showPopover()
    },
    hide,
    /** Called when the element is removed from the page, which hides popovers only. */
    removed() {
      const dialog = find()
      if (dialog) dialog.open = false
    },
    /** Called after each rendering. An open panel never shrinks. The style is set through the CSSOM, which CSP allows. */
    rendered() {
      const dialog = find()
      if (dialog) dialog.style.minBlockSize = isShown() && !isSheet() ? `${dialog.offsetHeight}px` : ''
    },
    onToggle({ newState, target }: ToggleEvent) {
      if (target === find()) newState === 'open' ? shown() : hidden()
    },
    onClose: hidden,
    /** Hides a popover when the focus moves to another part of the page. */
    onFocusOut({ relatedTarget }: FocusEvent) {
      const dialog = find()
      const isOutside = relatedTarget instanceof Node && !dialog?.contains(relatedTarget)
      if (isOutside && dialog?.matches(':popover-open')) dialog.hidePopover()
    },
    /** Hides a sheet whose backdrop is clicked. */
    onClick: ({ target }: Event) => target === find() && hide(),
  }
}
