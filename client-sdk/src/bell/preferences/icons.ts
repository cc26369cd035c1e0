import type { TemplateResult } from 'lit'
import { svgIcon } from '../svg-icon.ts'
import type { Channel } from './choices.ts'

const MESSAGE = 'M4 5.5h16v11h-8l-4 3.5v-3.5H4z'
/** Paths in a square of 24 units, drawn as strokes. */
const PATHS: Partial<Record<Channel, string>> = {
  inbox: 'M5.5 5h13l2.5 8.5V19H3v-5.5zM3 13.5h5.5l1.5 2.5h4l1.5-2.5H21',
  email: 'M3 5.5h18v13H3zM3 6.5l9 6.5 9-6.5',
  push: 'M7.5 3h9v18h-9zM11 18h2',
}

export const channelIcon = (channel: Channel): TemplateResult => svgIcon(PATHS[channel] ?? MESSAGE)

/** Returns an arrow to the start of the line, which is mirrored in right-to-left text. */
export const backIcon = (): TemplateResult => svgIcon('m14.5 6-6 6 6 6', 'mirrored')

export const chevron = (): TemplateResult => svgIcon('m6 9 6 6 6-6', 'chevron')
