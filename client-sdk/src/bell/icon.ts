import type { TemplateResult } from 'lit'
import { BELL, svgIcon } from './svg-icon.ts'

/** The icons of the panel, toasts and announcements, as paths in a square of 24 units. */
const PATHS = {
  bell: BELL,
  readAll: 'm2.5 13 4 4 8-9M11 15.5l1.8 1.7 8.7-9.4',
  more: 'M5.5 11.9v.2M12 11.9v.2M18.5 11.9v.2',
  close: 'M6 6l12 12M18 6 6 18',
  prefs: 'M3.5 7.5h10m4 0h3M13.5 5v5M3.5 16.5h3m4 0h10M10.5 14v5',
  check: 'm5 12.5 4.5 4.5L19 7',
  unread: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 7.5V12l3 2',
  archive: 'M3.5 4.5h17v4.5h-17zM5 9v10.5h14V9M10 13h4',
  restore: 'M3.5 4.5h17v4.5h-17zM5 9v10.5h14V9M12 17.5v-5m-2.2 2L12 12.3l2.2 2.2',
  delete: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.9 12.5h9.2L17.5 7M10.3 11v5M13.7 11v5',
  alert: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2h.01',
  info: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17M12 11v5.5M12 7.6h.01',
  down: 'm6.5 9.5 5.5 5.5 5.5-5.5',
  up: 'm6.5 14.5 5.5-5.5 5.5 5.5',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
} as const

export type IconName = keyof typeof PATHS

export const icon = (name: IconName): TemplateResult => svgIcon(PATHS[name])
