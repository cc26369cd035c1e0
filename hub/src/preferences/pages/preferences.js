// Nothing is imported before the token has left the address bar and the history.
const token = location.hash.slice(1)
history.replaceState(null, '', location.pathname)

const { openPage } = await import('./app.js')
await openPage(token)
