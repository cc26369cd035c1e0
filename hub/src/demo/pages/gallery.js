/** Shows the bell in the state that the URL names, such as `?state=undo&theme=dark&dir=rtl`. */
import '../bell.js'
import { galleryClient, item } from './gallery-client.js'

const grace = { name: 'Grace Hopper' }
const seen = { seenAt: new Date().toISOString() }
const read = { ...seen, readAt: seen.seenAt }
const ITEMS = [
  item(12, {
    title: 'Grace Hopper mentioned you in Release 2.4',
    body: 'Could you look at `retry_after` before we ship? The **staging run** failed twice on it this morning.',
    url: '/release',
    actor: grace,
    category: 'mentions',
  }),
  item(41, {
    title: 'Payment for invoice 2291 failed',
    body: 'Your bank refused the card ending in 4242. The subscription pauses on Friday.',
    priority: 'critical',
    category: 'billing',
    actions: [
      { name: 'update', label: 'Update card', primary: true },
      { name: 'view', label: 'View invoice' },
    ],
  }),
  item(120, {
    title: 'Ada Lovelace and 2 others commented on Onboarding flow',
    body: '“I like the second variant, it asks for less on the first screen.”',
    actor: { name: 'Ada Lovelace' },
    category: 'mentions',
    group: { key: 'post-7', count: 3, unread: 3 },
  }),
  item(300, {
    title: 'מירי לוי הוסיפה אותך לפרויקט Apollo 11',
    body: 'אפשר להתחיל מהמסמך המשותף.',
    actor: { name: 'מירי לוי' },
    category: 'news',
    ...seen,
  }),
  item(1_500, {
    title: 'https://reports.example.com/exports/2026/q4/revenue-by-region-and-product-line-final-7.csv',
    body: 'The export is ready.',
    url: '/report',
    category: 'orders',
    ...read,
  }),
  item(9_000, { title: 'Karl updated the schedule', actor: { name: 'Karl' }, category: 'news', ...read }),
]
const MEMBERS = [
  item(150, {
    title: 'Karl commented on Onboarding flow',
    body: '“Shorter is better here.”',
    actor: { name: 'Karl' },
    category: 'mentions',
    group: { key: 'post-7' },
  }),
  item(170, {
    title: 'Grace Hopper commented on Onboarding flow',
    body: '“Can we keep the progress bar?”',
    actor: grace,
    category: 'mentions',
    group: { key: 'post-7' },
    ...seen,
  }),
]
const maintenance = (display) =>
  item(2, {
    title: 'Maintenance on Sunday, 02:00 to 03:00',
    body: 'Sending keeps working; the dashboard is read-only for an hour.',
    display,
  })
const release = item(3, {
  title: 'Reports are here',
  body: 'See what was sent, delivered, opened and clicked, by type, channel and day.\n**Export** any view as CSV.',
  url: '/reports',
  actions: [{ name: 'try', label: 'Show me', primary: true }],
  display: 'modal',
})
const picture = item(5, { title: 'The new office', body: 'Third floor.', image: 'icon.svg', url: '/office' })

/** In Arabic, as a page in Arabic shows them. */
const ARABIC = [
  item(12, {
    title: 'ذكرتك سارة العلي في الإصدار 2.4',
    body: 'هل يمكنك مراجعة `retry_after` قبل الإطلاق؟ فشل **الاختبار** مرتين هذا الصباح.',
    url: '/release',
    actor: { name: 'سارة العلي' },
    category: 'mentions',
  }),
  item(41, {
    title: 'فشل دفع الفاتورة 2291',
    body: 'رفض البنك البطاقة المنتهية بالرقم 4242.',
    priority: 'critical',
    category: 'billing',
    actions: [{ name: 'update', label: 'تحديث البطاقة', primary: true }],
  }),
  item(300, { title: 'Release 2.4 is out', body: 'See what changed.', category: 'news', ...read }),
]

const key =
  (letter, position = 0) =>
  (bell) => {
    const article = bell.shadowRoot.querySelectorAll('article')[position]
    article?.focus()
    article?.dispatchEvent(new KeyboardEvent('keydown', { key: letter, bubbles: true }))
  }
const click = (selector) => (bell) => bell.shadowRoot.querySelector(selector)?.click()
/** Moves a finger over the second item and leaves it there. */
const swipe =
  (distance) =>
  async ({ shadowRoot }) => {
    const article = shadowRoot.querySelectorAll('article')[1]
    const { left, top, width } = article.getBoundingClientRect()
    const point = (name, x) =>
      article.dispatchEvent(
        new PointerEvent(name, {
          ...{ pointerId: 1, pointerType: 'touch', isPrimary: true, bubbles: true, composed: true },
          ...{ clientX: left + width / 2 + x, clientY: top + 20 },
        }),
      )
    // A synthetic pointer cannot be captured.
    article.setPointerCapture = () => {}
    // The code that handles touches is loaded after the panel.
    while (!article.dataset.swipe) {
      point('pointerdown', 0)
      point('pointermove', distance)
      if (!article.dataset.swipe) await new Promise(requestAnimationFrame)
    }
  }
/** Selects a tab once it is rendered. */
const tab = (id) => async (bell) => {
  const selector = `#${CSS.escape(`tab-${id}`)}`
  await shown(selector)(bell)
  click(selector)(bell)
}
/** Resolves when the element is rendered. */
const shown = (selector) => async (bell) => {
  while (!bell.shadowRoot.querySelector(selector)) await new Promise(requestAnimationFrame)
}
/** Opens the preferences and runs the steps, one per frame. */
const preferences =
  (...steps) =>
  async (bell) => {
    bell.shadowRoot.querySelector('.prefs-button').click()
    await shown('.prefs section')(bell)
    for (const step of steps) {
      await step(bell)
      await new Promise(requestAnimationFrame)
    }
  }
const end = (bell) => bell.shadowRoot.querySelector('.prefs').scrollTo(0, 10_000)
const arrives = (bell) => {
  bell.shadowRoot.querySelector('article').focus()
  requestAnimationFrame(() => bell.client.add(item(0, { title: 'Karl assigned Release 2.4 to you' })))
}
const toast = () => {
  for (const each of ITEMS.slice(0, 2)) galleryClient.announce(each)
}

/** The states by name: what the client holds, attributes, whether the panel opens, and what is done then. */
const STATES = {
  list: { open: true },
  image: { items: [picture, ...ITEMS], open: true },
  read: { open: true, after: key('u') },
  undo: { open: true, after: key('e') },
  selected: { open: true, after: key('x', 1) },
  snooze: { open: true, after: key('s') },
  menu: { open: true, after: click('.header .more-button') },
  pill: { open: true, after: arrives },
  failure: { refuses: true, open: true, after: key('e') },
  inlined: { items: [maintenance('inline'), ...ITEMS], open: true },
  banner: { items: [maintenance('banner'), ...ITEMS], after: shown('.banner .announcement') },
  'banner-in-flow': {
    items: [maintenance('banner'), ...ITEMS],
    attributes: { mode: 'banner' },
    after: shown('.banner .announcement'),
  },
  modal: { items: [release, ...ITEMS], after: shown('.modal[open]') },
  group: {
    items: [...ITEMS.slice(2, 3), ...MEMBERS, ...ITEMS.slice(3)],
    open: true,
    after: click('.unfold'),
  },
  swipe: { open: true, after: swipe(-130) },
  category: { open: true, after: tab('category%20mentions') },
  'push-offer': { open: true, push: { state: 'off' }, after: shown('.offer') },
  'push-blocked': {
    open: true,
    push: { state: 'off', next: 'denied' },
    async after(bell) {
      await shown('.offer')(bell)
      bell.shadowRoot.querySelector('.offer .primary').click()
      while (bell.shadowRoot.querySelector('.offer .primary')) await new Promise(requestAnimationFrame)
    },
  },
  archived: { open: true, after: click('#tab-archived') },
  empty: { items: [], open: true },
  loading: { items: [], status: 'loading', open: true },
  error: { items: [], status: 'error', open: true },
  'signed-out': {
    items: [],
    status: 'loading',
    error: { code: 'unauthenticated', message: 'the token is invalid' },
    open: true,
  },
  offline: { connection: 'offline', open: true, after: shown('.strip') },
  compact: { open: true, attributes: { density: 'compact' } },
  brand: { open: true, attributes: { class: 'brand' } },
  toasts: { after: toast },
  badge: {},
  many: { counts: { unread: 100, unseen: 100, more: true } },
  calm: { counts: { unread: 3, unseen: 0 } },
  none: { items: [] },
  preferences: { open: true, after: preferences(click('details:nth-of-type(2) summary')) },
  'preferences-end': { quiet: true, open: true, after: preferences(end) },
  'preferences-refused': {
    refuses: true,
    open: true,
    after: preferences(click('details:nth-of-type(2) summary'), click('details[open] .switch')),
  },
  'preferences-paused': {
    isPaused: true,
    open: true,
    after: preferences(click('details:nth-of-type(2) summary')),
  },
  'preferences-long': {
    long: true,
    open: true,
    after: preferences(click('details:last-of-type summary'), end),
  },
  'category-long': { long: true, open: true, after: tab('category%20long') },
  'preferences-long-table': { long: true, attributes: { mode: 'page' }, after: preferences() },
  'preferences-table': { quiet: true, attributes: { mode: 'page' }, after: preferences() },
  arabic: { items: ARABIC, language: 'ar', dir: 'rtl', open: true, attributes: { locale: 'ar' } },
  'arabic-preferences': {
    language: 'ar',
    dir: 'rtl',
    quiet: true,
    open: true,
    attributes: { locale: 'ar' },
    after: preferences(click('details:nth-of-type(2) summary')),
  },
  inline: { attributes: { mode: 'inline' } },
  page: { attributes: { mode: 'page' } },
}

const chosen = new URLSearchParams(location.search)
const { theme, state = 'badge', dir = STATES[state]?.dir } = Object.fromEntries(chosen)
document.documentElement.dataset.theme = theme ?? ''
document.documentElement.dir = dir ?? 'ltr'

for (const name of Object.keys(STATES)) {
  const line = document.createElement('li')
  const link = document.createElement('a')
  const query = new URLSearchParams(chosen)
  query.set('state', name)
  link.href = `?${query}`
  link.textContent = name
  line.append(link)
  document.getElementById('states').append(line)
}

const { open = false, after, attributes = {}, items = ITEMS, push, ...client } = STATES[state] ?? STATES.badge
const bell = document.querySelector('notification-bell')
if (state === 'swipe') Object.defineProperty(navigator, 'maxTouchPoints', { value: 1 })
for (const [name, value] of Object.entries(attributes)) bell.setAttribute(name, value)
if (attributes.mode) document.querySelector('main').append(bell)
bell.client = galleryClient({ items, ...client })
if (push) {
  // Web push is offered once, from the second visit on.
  for (const name of ['carillon-bell-offer', 'carillon-bell-visit']) sessionStorage.removeItem(name)
  localStorage.removeItem('carillon-bell-offered')
  localStorage.setItem('carillon-bell-visits', '1')
  const ask = async () => push.next ?? 'on'
  bell.push = { state: async () => push.state, enable: ask, disable: ask, follow: () => () => {} }
}
await bell.updateComplete
bell.open = open

/** Resolves when the panel has content, which is rendered after it has opened. */
const rendered = async () => {
  const isShown = () =>
    bell.shadowRoot.querySelector(
      attributes.mode === 'banner'
        ? '.live'
        : open || attributes.mode
          ? 'article, .empty, .skeleton'
          : '.bell',
    )
  while (!isShown()) await new Promise(requestAnimationFrame)
}
await rendered()
requestAnimationFrame(async () => {
  await after?.(bell)
  document.documentElement.dataset.ready = state
})
