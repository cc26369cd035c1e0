/** Captured messages: a list that is updated live, and a dialog that shows one message. */
import { arrange, base, element, fillTabs, keepTimes, timeElement } from './dom.js'

const SHOWN_MAX = 200
const AGAIN_MS = 3_000
const ANNOUNCE_MS = 400

const CHANNELS = {
  push: 'Push',
  email: 'E-mail',
  sms: 'SMS',
  mms: 'MMS',
  whatsapp: 'WhatsApp',
  webhook: 'Webhook',
  slack: 'Slack',
  teams: 'Teams',
  discord: 'Discord',
  telegram: 'Telegram',
}

/** Why a message was not sent, by channel where it differs. */
const REASONS = {
  no_address: {
    email: 'no e-mail address is known',
    sms: 'no phone number is known',
    mms: 'no phone number is known',
    whatsapp: 'no phone number is known',
    all: 'no device is registered',
  },
  no_provider: { all: 'no provider account serves this channel' },
  suppressed: { all: 'the address is on the suppression list' },
  endpoint_disabled: { all: 'its URL has failed for days' },
}
const reasonOf = ({ skipped, channel }) => REASONS[skipped]?.[channel] ?? REASONS[skipped]?.all ?? skipped

/** Returns why a message was not sent, or undefined if it was captured or sent. */
const troubleOf = (message) => {
  const { skipped, provider, trouble } = message
  if (skipped) return `Not sent: ${reasonOf(message)}`
  if (!trouble) return undefined
  const why = `${trouble.detail || trouble.reason} (${provider})`
  if (trouble.state === 'failed') return `Not sent: ${why}`
  if (trouble.state === 'in_doubt') return `Perhaps sent: ${why}`
  const until = trouble.until && new Date(trouble.until).toLocaleTimeString()
  return `Waits: ${why}${until ? `. Next attempt at ${until}` : ''}`
}

const isSentBy = ({ provider, trouble }) => provider !== undefined && trouble === undefined

const byId = (id) => document.getElementById(id)
/** Keeps the first message of each id, which is the newest. */
const unique = (messages) => {
  const known = new Set()
  return messages.filter(({ id }) => !known.has(id) && known.add(id))
}

const channelOf = ({ channel }) => CHANNELS[channel] ?? channel
const recipientOf = ({ to, user }) => (to === user ? user : `${to} (${user})`)
const headingOf = ({ subject, text }) => subject || text.trim().split('\n')[0] || '(no title)'
/** Returns the text of a message without its heading and an e-mail's footer. */
const restOf = (message) => {
  const lines = message.text.split('\n--\n')[0].split('\n')
  const heading = lines.indexOf(headingOf(message))
  return lines
    .filter((_, index) => index !== heading)
    .join('\n')
    .trim()
}

const sizeOf = (bytes) =>
  bytes < 1_024 ? `${bytes} bytes` : `${Math.ceil(bytes / 1_024).toLocaleString()} KiB`

/** Returns what a message has beside its content, as names and values. */
const envelopeOf = ({ from, replyTo, cc = [], bcc = [], attachments = [], headers = {} }) =>
  [
    ['From', from],
    ['Replies to', replyTo],
    ['Copies to', cc.join(', ')],
    ['Blind copies to', bcc.join(', ')],
    ['Files', attachments.map(({ filename, size }) => `${filename} (${sizeOf(size)})`).join(', ')],
    ...Object.entries(headers),
  ].filter(([, value]) => value)

/** Returns the same in short, for the list. */
const summaryOf = ({ from, cc = [], bcc = [], attachments = [] }) =>
  [
    from && `From ${from}`,
    cc.length > 0 && `Copies to ${cc.join(', ')}`,
    bcc.length > 0 && `Blind copies to ${bcc.join(', ')}`,
    attachments.length > 0 && `Files: ${attachments.map(({ filename }) => filename).join(', ')}`,
  ]
    .filter(Boolean)
    .join('. ')

/** Returns a function that shows a message in a dialog. Closing it restores the focus. */
const messageDialog = () => {
  const dialog = byId('message')
  const body = byId('message-body')
  const tabs = byId('message-tabs')
  let shown

  const showText = () => {
    body.tabIndex = 0
    body.replaceChildren(element('pre', { dir: 'auto' }, shown.text))
  }
  const showHtml = () => {
    body.removeAttribute('tabindex')
    body.replaceChildren(
      element('iframe', {
        src: new URL(`demo/captured/${encodeURIComponent(shown.id)}.html`, base).href,
        sandbox: 'allow-popups allow-popups-to-escape-sandbox',
        title: `E-mail: ${headingOf(shown)}`,
      }),
    )
  }
  const choose = fillTabs(tabs, {
    names: ['HTML', 'Text'],
    panel: body,
    onChoose: (name) => (name === 'HTML' ? showHtml() : showText()),
  })

  byId('message-close').addEventListener('click', () => dialog.close())
  // Content covers the dialog's box, so a click on the dialog itself is a click on its backdrop.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close())
  dialog.addEventListener('close', () => body.replaceChildren())

  return (message) => {
    shown = message
    byId('message-title').textContent = headingOf(message)
    byId('message-about').replaceChildren(
      element('span', { class: 'channel' }, channelOf(message)),
      element('span', {}, 'to ', element('bdi', {}, recipientOf(message))),
      element('time', { datetime: message.at }, new Date(message.at).toLocaleString()),
      ...(troubleOf(message) ? [element('strong', {}, troubleOf(message))] : []),
    )
    const envelope = byId('message-envelope')
    envelope.replaceChildren(
      ...envelopeOf(message).flatMap(([name, value]) => [
        element('dt', {}, name),
        element('dd', { dir: 'auto' }, value),
      ]),
    )
    envelope.hidden = envelope.childElementCount === 0
    tabs.hidden = !message.html
    body.setAttribute('role', message.html ? 'tabpanel' : 'region')
    if (message.html) choose('HTML')
    else {
      body.setAttribute('aria-labelledby', 'message-title')
      showText()
    }
    dialog.showModal()
  }
}

/** Returns the list entry of a message. `open` shows the whole message. */
const entryOf = (message, open) => {
  const [channel, recipient, heading] = [channelOf(message), recipientOf(message), headingOf(message)]
  const rest = restOf(message)
  return element(
    'li',
    { class: 'sent-item', 'data-id': message.id, 'data-skipped': message.skipped },
    element(
      'p',
      { class: 'sent-about' },
      element('span', { class: 'channel' }, channel),
      element('span', { class: 'sent-to' }, 'to ', element('bdi', {}, recipient)),
      timeElement(message.at),
    ),
    troubleOf(message) && element('p', { class: 'sent-skipped' }, troubleOf(message)),
    element(
      'h3',
      { dir: 'auto' },
      element(
        'button',
        {
          type: 'button',
          'aria-haspopup': 'dialog',
          'aria-label': `${heading}: ${channel} to ${recipient}`,
          onclick: () => open(message),
        },
        heading,
      ),
    ),
    rest && element('p', { class: 'sent-text', dir: 'auto' }, rest),
    summaryOf(message) && element('p', { class: 'sent-text', dir: 'auto' }, summaryOf(message)),
    isSentBy(message) && element('p', { class: 'sent-text' }, `Sent by the account ${message.provider}`),
  )
}

/** Shows the list and follows new messages. */
export const showCaptured = () => {
  const list = byId('sent')
  const open = messageDialog()
  /** The list entry of each message. */
  const entries = new WeakMap()
  let messages = []
  let arrived = []
  let announcing

  const render = () => {
    arrange(
      list,
      messages.map((message) => {
        const node = entries.get(message) ?? entryOf(message, open)
        entries.set(message, node)
        return node
      }),
    )
    list.hidden = messages.length === 0
    byId('sent-empty').hidden = messages.length > 0
  }

  const announce = (message) => {
    arrived.push(message)
    clearTimeout(announcing)
    announcing = setTimeout(() => {
      const [first] = arrived
      byId('sent-status').textContent =
        arrived.length === 1
          ? `${troubleOf(first) ? 'Not sent' : 'Sent'}: ${channelOf(first)} to ${recipientOf(first)}: ${headingOf(first)}`
          : `${arrived.length} more messages`
      arrived = []
    }, ANNOUNCE_MS)
  }

  let events
  /** Hidden pages close their connection, because browsers limit connections per server. */
  const follow = () => {
    events?.close()
    if (document.hidden) return
    let since = []
    const own = new EventSource(new URL('demo/captured/events', base))
    events = own
    own.addEventListener('captured', ({ data }) => {
      const message = JSON.parse(data)
      since.unshift(message)
      messages = unique([message, ...messages]).slice(0, SHOWN_MAX)
      render()
      entries.get(messages[0])?.classList.add('is-new')
      announce(message)
    })
    // Fetches what was missed before the connection opened, at first and after every interruption.
    own.addEventListener('open', async () => {
      since = []
      try {
        const { captured } = await (await fetch(new URL('demo/captured.json', base))).json()
        if (events !== own) return
        const known = new Map(messages.map((message) => [message.id + message.at, message]))
        const listed = captured.map((message) => known.get(message.id + message.at) ?? message)
        messages = unique([...since, ...listed]).slice(0, SHOWN_MAX)
        render()
      } catch (error) {
        console.error(error)
      }
    })
    own.addEventListener('error', () => {
      if (own.readyState === EventSource.CLOSED && events === own) setTimeout(follow, AGAIN_MS)
    })
  }

  keepTimes(list)
  document.addEventListener('visibilitychange', follow)
  render()
  follow()
}
