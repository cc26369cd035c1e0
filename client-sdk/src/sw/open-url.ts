declare const self: ServiceWorkerGlobalScope

/**
 * Opens a URL; a path is relative to the app's origin. A URL of that origin is opened in an open window if there is one: the
 * window that shows the URL, or else the one used last.
 */
export const openUrl = async (url: string) => {
  const { href, origin, protocol } = new URL(url, self.location.href)
  if (!/^https?:$/.test(protocol)) return
  const windows =
    origin === self.location.origin
      ? await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
      : []
  const there = windows.find((each) => each.url === href) ?? windows[0]
  // A window that this worker does not control cannot be navigated.
  const shown = there?.url === href ? there : await there?.navigate(href).catch(() => null)
  await (shown ? shown.focus() : self.clients.openWindow(href))
}
