import type { PanelKey } from '../panel/english.ts'
import type { PreferencesKey } from '../preferences/english.ts'
import type { PushKey } from '../push/english.ts'

/** A text, or one text for each plural category of CLDR. `{n}` and other names in braces are replaced. */
export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>)

/** The texts of the button, toasts and announcements. Apps may replace each text with the property `strings`. */
export const ENGLISH = {
  bell: 'Notifications',
  bellUnread: 'Notifications, {n} unread',
  bellMore: 'Notifications, more than {n} unread',
  urgent: 'Urgent',
  open: 'Open',
  new: '{n} new',
  arrivedOne: 'New: {title}',
  arrived: { one: '{n} new notification', other: '{n} new notifications' },
  dismiss: 'Dismiss',
  loadError: 'Notifications can’t be loaded',
  tryNow: 'Try now',
} satisfies Record<string, Message>

export type TextKey = keyof typeof ENGLISH
/** Every text of the bell, for other languages and apps. */
export type Strings = Record<TextKey | PanelKey | PreferencesKey | PushKey, Message>
