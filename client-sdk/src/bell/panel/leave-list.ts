/** Moves the focus from a feed to what is before or after it, as the feed pattern of ARIA asks. */
export const leaveList = (article: HTMLElement, forward: boolean) => {
  const panel = article.closest('dialog, .panel')
  const stops = [...(panel?.querySelectorAll<HTMLElement>('button, a[href], [tabindex="0"]') ?? [])].filter(
    (each) => each.tabIndex >= 0 && !article.parentElement?.contains(each) && each.checkVisibility(),
  )
  const target = forward
    ? stops.find((each) => article.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING)
    : stops.findLast((each) => article.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING)
  target?.focus()
}
