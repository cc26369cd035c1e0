/** Snippets to copy, with the values of this server. Each gets the settings and returns its title and code. */

const example = ({ user }) =>
  JSON.stringify({ to: user, title: 'Hello from the shell', body: 'This came from outside.' })
/** Escapes text for single quotes in a shell. */
const quoted = (text) => text.replaceAll("'", "'\\''")
/** Returns a user who is not viewing this page. */
const away = ({ user, users }) => users.find((each) => each !== user) ?? 'grace'
const natsNote = ({ natsUrl }, rest) =>
  natsUrl ? rest : `${rest} The embedded event log has no NATS: start with CARILLON_NATS_URL set to use this.`

export const snippets = {
  curl: (config) => ({
    note: 'Over HTTP, from any language. Keep the API key on your servers.',
    code: `curl ${config.url}/v1/notifications \\
  -H 'authorization: Bearer ${config.apiKey}' \\
  -H 'content-type: application/json' \\
  -d '${quoted(JSON.stringify({ ...JSON.parse(example(config)), type: 'greeting' }))}'`,
  }),

  'NATS CLI': (config) => ({
    note: natsNote(config, 'Needs the nats command. The subject contains tenant, priority and type.'),
    code: `nats --server ${config.natsUrl ?? 'nats://localhost:4222'} \\
  pub notify.${config.tenant}.normal.greeting \\
  '${quoted(example(config))}'`,
  }),

  'nats.js': (config) => ({
    note: natsNote(
      config,
      'Needs npm install @nats-io/transport-node @nats-io/jetstream. The same msgID twice is one notification.',
    ),
    code: `import { connect } from '@nats-io/transport-node'
import { jetstream } from '@nats-io/jetstream'

const nats = await connect({ servers: '${config.natsUrl ?? 'nats://localhost:4222'}' })
const note = { to: '${config.user}', title: 'Hello from Node' }
await jetstream(nats).publish(
  'notify.${config.tenant}.normal.greeting',
  JSON.stringify(note),
  { msgID: '${config.tenant}-' + crypto.randomUUID() },
)
await nats.drain()`,
  }),

  'Your page': (config) => ({
    note: 'The bell. This token expires in an hour. In an app, replace it by token-url, a route of your backend that gets a token: POST /v1/users/{id}/token with the API key.',
    code: `<notification-bell
  url="${config.url}"
  token="${config.token}"
></notification-bell>
<script type="module" src="${config.url}/bell.js"></script>`,
  }),

  'Your own list': (config) => ({
    note: 'The headless client. This token expires in an hour. In an app, pass a function that gets one from your backend.',
    code: `<p>Unread: <output id="unread">0</output></p>
<ul id="inbox"></ul>
<script type="module">
  import { createClient } from '${config.url}/client.js'

  const client = createClient({
    url: '${config.url}',
    token: '${config.token}',
  })
  const feed = client.feed()
  feed.subscribe(() => {
    const { items, counts } = feed.getSnapshot()
    unread.value = counts.unread
    inbox.replaceChildren(...items.map(({ title }) =>
      Object.assign(document.createElement('li'), { textContent: title })))
  })
</script>`,
  }),

  Plan: (config) => ({
    note: 'The delivery plan: what is sent outside the inbox, step by step. Reading the item ends the plan. A notification type can have a plan too.',
    code: `curl ${config.url}/v1/notifications \\
  -H 'authorization: Bearer ${config.apiKey}' \\
  -H 'content-type: application/json' \\
  -d '{
    "to": "${away(config)}",
    "type": "greeting",
    "title": "Are you there?",
    "plan": [
      { "channel": "push", "when": "offline" },
      { "channel": "email", "when": "unread", "after": 15 }
    ]
  }'`,
  }),

  SMTP: (config) => ({
    note: 'Enter your mail server. E-mails are then sent through it until you DELETE the account. Its password is stored encrypted.',
    code: `curl -X PUT ${config.url}/v1/providers/mail \\
  -H 'authorization: Bearer ${config.apiKey}' \\
  -H 'content-type: application/json' \\
  -d '{
    "provider": "smtp",
    "config": {
      "host": "smtp.example.com",
      "port": 587,
      "user": "bell",
      "pass": "…",
      "from": { "email": "bell@example.com", "name": "Carillon" }
    }
  }'

curl -X PUT ${config.url}/v1/users/${away(config)} \\
  -H 'authorization: Bearer ${config.apiKey}' \\
  -H 'content-type: application/json' \\
  -d '{"email":"${away(config)}@example.com"}'`,
  }),
}
