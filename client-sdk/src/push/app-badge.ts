/** Shows the number of unread items on the icon of the app, if the browser supports it. */
export const setAppBadge = (unread: number | undefined) => {
  // The browser may refuse the badge, which is optional.
  if (unread !== undefined) navigator.setAppBadge?.(unread).catch(() => {})
}
