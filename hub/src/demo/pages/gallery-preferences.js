/** Preferences without a hub, for the gallery. */

const row = (choices, rest) => ({
  ...rest,
  types: [],
  channels: Object.fromEntries(
    ['inbox', 'email', 'push', 'sms'].map((channel) => [
      channel,
      { value: choices[channel] ?? false, by: 'system', locked: rest.locked ?? false },
    ]),
  ),
})

/** The names of a category in the languages of the gallery. */
const NAMES = {
  en: {
    mentions: ['Mentions'],
    orders: ['Orders', 'Status of your sales'],
    billing: ['Billing', 'Invoices and payments'],
    news: ['News'],
    long: [
      'Rechtsschutzversicherungsgesellschaften_und_Donaudampfschifffahrtsgesellschaften',
      'إشعارات حول الطلبات',
    ],
  },
  ar: {
    mentions: ['الإشارات'],
    orders: ['الطلبات', 'حالة ما بعته'],
    billing: ['الفواتير', 'الفواتير والمدفوعات'],
    news: ['الأخبار'],
    long: ['Release notes 2.4'],
  },
}

const gridOf = (language, isLong) => {
  const named = (key) => {
    const [name, description] = NAMES[language][key]
    return { key, name, ...(description && { description }) }
  }
  return {
    muted: false,
    digest: { hour: 9, day: 'mon' },
    by: { digest: 'system' },
    timezone: 'Europe/Lisbon',
    channels: ['inbox', 'email', 'push', 'sms'],
    topics: ['release-2.4'],
    categories: [
      row({ inbox: true, email: true }, named('mentions')),
      row({ inbox: true, email: 'daily', push: true }, named('orders')),
      row({ inbox: true, email: true }, { ...named('billing'), locked: true }),
      row({ email: 'weekly' }, named('news')),
      ...(isLong ? [row({ inbox: true, email: 'immediate', push: true, sms: true }, named('long'))] : []),
    ],
    types: [],
  }
}

const QUIET = {
  days: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['22:00', '07:00']]])),
}

const choose = (category, choices = {}) => ({
  ...category,
  channels: Object.fromEntries(
    Object.entries(category.channels).map(([channel, now]) => [
      channel,
      channel in choices ? { ...now, value: choices[channel] } : now,
    ]),
  ),
})
const OFF = { inbox: false, email: false, push: false, sms: false }

/** While everything is paused, nothing is on. */
const paused = (grid) => ({
  ...grid,
  muted: true,
  categories: grid.categories.map((each) => choose(each, each.locked ? {} : OFF)),
})

/**
 * Returns the preferences of a client. `quiet` turns quiet hours on, `isPaused` pauses everything, `long` adds a category with a
 * long name, `refuses` makes every change fail, and `language` is the language of the names.
 */
export const galleryPreferences = ({
  quiet = false,
  refuses = false,
  isPaused = false,
  long = false,
  language = 'en',
}) => {
  const listeners = new Set()
  const grid = { ...gridOf(language, long), ...(quiet && { quietHours: QUIET }) }
  let effective = isPaused ? paused(grid) : grid
  let snapshot = { effective, status: 'ready', error: null }
  const set = (next) => {
    effective = next
    snapshot = { effective, status: 'ready', error: null }
    for (const listener of listeners) listener()
  }
  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    refresh: async () => {},
    async change(patch) {
      if (refuses) throw Object.assign(new Error('refused'), { status: 503 })
      const { categories = {}, topics = {}, ...rest } = patch
      set({
        ...effective,
        ...rest,
        topics: effective.topics.filter((topic) => !(topic in topics)),
        categories: effective.categories.map((each) => choose(each, categories[each.key])),
      })
    },
  }
}
