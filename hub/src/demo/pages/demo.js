import { createClient } from '../bell.js'
import { showCaptured } from './captured.js'
import { base, element, fillTabs } from './dom.js'
import { mountExplanation } from './explanation.js'
import { call } from './http.js'
import { plans } from './plans.js'
import { mountPreferences } from './preferences.js'
import { mountPush } from './push.js'
import { snippets } from './snippets.js'
import { mountType } from './type.js'

const byId = (id) => document.getElementById(id)

const config = await call('GET', 'demo/config.json')
const asked = new URLSearchParams(location.search).get('user')
const user = asked || config.users[0] || 'ada'

// ── User
// ────────────────────────────────────────────────────────────────────────────────────────────────────────
byId('user').value = user
byId('users').append(...config.users.map((each) => element('option', { value: each })))
byId('other').href = `./?user=${encodeURIComponent(config.users.find((each) => each !== user) ?? 'grace')}`
byId('durable').textContent = config.durable
byId('durable').hidden = !config.durable
byId('who').addEventListener('submit', (event) => {
  event.preventDefault()
  location.search = new URLSearchParams({ user: byId('user').value.trim() })
})

// ── The bell ────────────────────────────────────────────────────────────────────────────────────────────────────
let token = ''
const newToken = async () => {
  ;({ token } = await call('POST', 'demo/token', { body: { user } }))
  showSnippet()
  return token
}
const client = createClient({ url: base, token: newToken })
byId('bell').client = client
mountPush(byId('push'), newToken, client.counts)

const STATES = { connecting: 'Connecting', live: 'Live', offline: 'Reconnecting', stopped: 'Disconnected' }
const showConnection = () => {
  byId('connection').dataset.state = client.connection
  byId('connection').textContent = STATES[client.connection]
}
client.on('connection', showConnection)
client.on('error', (error) => console.error(error))

// ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────
const form = byId('send')
const result = byId('result')
/** Times of arrival by notification id, to show how long a sent notification took. */
const arrivals = new Map()
let sent

const tell = (text, state) => {
  result.textContent = text
  result.dataset.state = state
}
const tellTime = () => {
  const at = sent && arrivals.get(sent.id)
  if (at) tell(`In ${user}’s bell after ${Math.max(1, Math.round(at - sent.at))} ms`, 'good')
}
client.on('notification', ({ notification }) => {
  arrivals.set(notification, performance.now())
  if (arrivals.size > 100) arrivals.delete(arrivals.keys().next().value)
  tellTime()
})

const kind = () => form.elements.kind.value
const recipient = () => {
  const to = form.elements.to.value.trim()
  return { user: to, topic: { topic: to }, everyone: { everyone: true } }[kind()]
}
const chooseKind = () => {
  const { to } = form.elements
  to.value = kind() === 'topic' ? 'news' : user
  to.disabled = kind() === 'everyone'
  to.setAttribute('aria-label', kind() === 'topic' ? 'Topic' : 'User id')
  if (kind() === 'topic') to.removeAttribute('list')
  else to.setAttribute('list', 'users')
  byId('target').hidden = kind() === 'everyone'
  byId('join').hidden = kind() !== 'topic'
  byId('join').textContent = `Add ${user}`
}
for (const radio of form.elements.kind) radio.addEventListener('change', chooseKind)
chooseKind()
form.elements.plan.append(...Object.keys(plans).map((name) => element('option', {}, name)))

byId('join').addEventListener('click', async () => {
  const topic = form.elements.to.value.trim()
  const path = `v1/topics/${encodeURIComponent(topic)}/members/${encodeURIComponent(user)}`
  try {
    await call('PUT', path, { key: config.apiKey })
    tell(`${user} is a member of ${topic}`, 'good')
  } catch (error) {
    tell(error.message, 'bad')
  }
})

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { title, body, url, type, priority, plan } = Object.fromEntries(new FormData(form))
  const at = performance.now()
  sent = undefined
  tell('Sending…', '')
  try {
    const { id } = await call('POST', 'v1/notifications', {
      key: config.apiKey,
      body: {
        to: recipient(),
        type,
        title,
        priority,
        ...(body.trim() && { body }),
        ...(url.trim() && { url: url.trim() }),
        plan: plans[plan],
      },
    })
    sent = { id, at }
    explanation.follow(id)
    preferences.refresh()
    tell('Accepted, and safely stored', 'good')
    tellTime()
  } catch (error) {
    tell(error.message, 'bad')
  }
})

// ── A type, its preferences and explanations ────────────────────────────────────────────────────────────────────
const explanation = mountExplanation(byId('explanation'), { apiKey: config.apiKey, user })
const preferences = mountPreferences(byId('preferences'), { token: () => token })
mountType(
  {
    tabs: byId('type-tabs'),
    panel: byId('type-texts'),
    send: byId('type-send'),
    result: byId('type-result'),
  },
  {
    apiKey: config.apiKey,
    user,
    onReady: () => preferences.refresh(),
    onSent: (id) => explanation.follow(id),
  },
)

// ── Snippets ────────────────────────────────────────────────────────────────────────────────────────────────────
let chosen = Object.keys(snippets)[0]

function showSnippet() {
  const { note, code } = snippets[chosen]({ ...config, user, token })
  byId('snippet-note').textContent = note
  byId('snippet-code').textContent = code
  byId('copy').textContent = 'Copy'
}
const chooseSnippet = fillTabs(byId('snippet-tabs'), {
  names: Object.keys(snippets),
  panel: byId('snippet'),
  onChoose: (name) => {
    chosen = name
    showSnippet()
  },
})
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('snippet-code').textContent)
  byId('copy').textContent = 'Copied'
})
chooseSnippet(chosen)
showConnection()
showCaptured()
