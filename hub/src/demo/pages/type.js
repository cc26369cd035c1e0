import { element, fillTabs } from './dom.js'
import { call } from './http.js'

const TYPE_KEY = 'demo.order_shipped'

/** A type in two languages: backends send its data only. */
const TYPE = {
  name: 'Order shipped',
  category: 'demo-orders',
  locale: 'en',
  content: {
    title: 'Order {{ data.number }} is on its way',
    body: '{{ "parcels" | t: n: data.parcels }} will arrive on {{ data.arrival | date: "long" }}.',
    url: '/orders/{{ data.number }}',
  },
  channels: { email: { subject: 'Your order {{ data.number }} is on its way' } },
  messages: { parcels: '{n, plural, one {One parcel} other {# parcels}}' },
  locales: {
    de: {
      content: {
        title: 'Bestellung {{ data.number }} ist unterwegs',
        body: '{{ "parcels" | t: n: data.parcels }} am {{ data.arrival | date: "long" }}.',
      },
      channels: { email: { subject: 'Ihre Bestellung {{ data.number }} ist unterwegs' } },
      messages: { parcels: '{n, plural, one {Ein Paket kommt} other {# Pakete kommen}}' },
    },
  },
  schema: {
    type: 'object',
    required: ['number', 'parcels', 'arrival'],
    properties: {
      number: { type: 'string' },
      parcels: { type: 'integer', minimum: 1 },
      arrival: { type: 'string', format: 'date' },
    },
  },
  plan: [{ channel: 'email', when: 'unread', after: 10 }],
}

const NAMES = { en: 'English', de: 'Deutsch' }

const data = () => ({
  number: '4711',
  parcels: 2,
  arrival: new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10),
})

const line = (name, value, lang, dir) => [element('dt', {}, name), element('dd', { lang, dir }, value ?? '—')]

/** Shows the preview of the type, and sends it. `onReady` is called once the type exists, `onSent` with the id of each notification. */
export const mountType = (parts, { apiKey, user, onReady, onSent }) => {
  const { tabs, panel, send, result } = parts
  let previews = {}

  const show = (name) => {
    const locale = Object.keys(NAMES).find((each) => NAMES[each] === name)
    const { inbox = {}, email = {}, sms = {} } = previews[locale] ?? {}
    const { lang, dir } = inbox
    panel.replaceChildren(
      element(
        'dl',
        { class: 'texts' },
        ...line('Inbox', inbox.title, lang, dir),
        ...line('', inbox.body, lang, dir),
        ...line('E-mail', email.subject, lang, dir),
        ...line('SMS', sms.text, lang, dir),
      ),
    )
  }
  const choose = fillTabs(tabs, { names: Object.values(NAMES), panel, onChoose: show })

  const tell = (text, state) => {
    result.textContent = text
    result.dataset.state = state
  }

  const open = async () => {
    await call('PUT', 'v1/categories/demo-orders', { key: apiKey, body: { name: 'Orders' } })
    await call('PUT', `v1/types/${TYPE_KEY}`, { key: apiKey, body: TYPE })
    const preview = { locale: '*', data: data() }
    const { locales } = await call('POST', `v1/types/${TYPE_KEY}/preview`, { key: apiKey, body: preview })
    previews = locales
    choose(NAMES.en)
    onReady()
  }

  send.addEventListener('click', async () => {
    send.disabled = true
    try {
      const body = { to: user, type: TYPE_KEY, data: data() }
      const { id } = await call('POST', 'v1/notifications', { key: apiKey, body })
      tell('Accepted. It comes in the language of the reader.', 'good')
      onSent(id)
    } catch (error) {
      tell(error.message, 'bad')
    }
    send.disabled = false
  })

  open().catch((error) => tell(error.message, 'bad'))
}
