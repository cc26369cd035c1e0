import { CHANNELS, type LocalePreview, type TypePreview } from '@carillon/schemas'
import { printable } from './problem.ts'

/** Returns the previews of an answer, one for each locale. */
export const previewsOf = ({ locales, ...preview }: TypePreview): LocalePreview[] =>
  locales ? Object.values(locales) : [preview as LocalePreview]

const contentText = ({ title, body, url, image, actions = [] }: LocalePreview['inbox']): string =>
  [title, body, url, image, ...actions.map(({ label, url }) => `[${label}]${url ? ` ${url}` : ''}`)]
    .filter((line) => line !== undefined && line !== '')
    .join('\n')

/** Returns the text that a person reads in a channel. For an e-mail, it is the plain text. */
const channelText = (content: LocalePreview[(typeof CHANNELS)[number]]): string => {
  if ('subject' in content) return `${content.subject}\n\n${content.text.trimEnd()}`
  return 'text' in content ? content.text : contentText(content)
}

/** Formats a preview: the text of every channel, channels with the same text together, then the faults. */
export const showPreview = (preview: LocalePreview): string => {
  const channels = new Map<string, string[]>()
  for (const channel of ['inbox', ...CHANNELS] as const) {
    const text = channelText(preview[channel])
    channels.set(text, [...(channels.get(text) ?? []), channel])
  }
  const indented = (text: string) => text.split('\n').map((line) => `  ${line}`.trimEnd())
  const faults = preview.faults.map(
    ({ channel, pointer, line, message }) => `  ${channel} ${pointer} line ${line}: ${message}`,
  )
  return printable(
    [
      `${preview.locale}, ${preview.timezone}`,
      ...[...channels].flatMap(([text, names]) => ['', names.join(', '), ...indented(text)]),
      ...(faults.length > 0 ? ['', 'missing', ...faults] : []),
    ].join('\n'),
  )
}
