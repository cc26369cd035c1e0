/** A button that turns real push messages for this browser on or off. Hidden where web push is not supported. */
import { createPush } from '../push.js'
import { base } from './dom.js'

const TEXTS = {
  off: 'Push to this browser',
  on: 'Stop push to this browser',
  denied: 'Push is blocked in this browser',
}

export const mountPush = (button, token, counts) => {
  const push = createPush({ url: base, token })
  push.follow(counts)

  const show = (state) => {
    button.hidden = state === 'unsupported'
    button.disabled = state === 'denied'
    button.dataset.state = state
    button.textContent = TEXTS[state] ?? ''
  }

  button.addEventListener('click', async () => {
    button.disabled = true
    try {
      show(await (button.dataset.state === 'on' ? push.disable() : push.enable()))
    } catch (error) {
      // The hub or the browser's push service is unreachable.
      show(await push.state())
      button.textContent = `${button.textContent} (failed: ${error.message})`
    }
  })

  const start = async () => {
    show(await push.state())
    // Another user may have signed in, or the browser may have lost or changed its subscription.
    show(await push.resume())
  }
  // Unreachable at the moment; the next page tries again.
  start().catch(() => {})
}
