import { CHANNELS } from '@carillon/schemas'

/** The path of the value of a file within its resource. */
export type ValuePath = readonly string[]

/** One kind of resource: its place in a catalogue, and its route. */
export type KindLayout = {
  /** The name of the folder or file, and of the kind in the API. */
  name: string
  /**
   * One resource without a key, in a file such as `env.yaml`. `chosen`: a folder of that name has one file for each environment,
   * whose values override those of the file.
   */
  single?: 'file' | 'chosen'
  /** The stem of the main file in a resource's own folder: `type.yaml`. */
  main: string
  /** Returns the route of a resource. */
  route: (key: string) => string
  /** Returns the path of a text file such as `email.subject.txt`: `words` are `email` and `subject`. A file outside the folder of a
   * resource, such as `footer.html`, has no words.
   */
  text: (words: readonly string[], extension: TextExtension) => ValuePath | undefined
}

export type TextExtension = 'html' | 'txt'

const CONTENT = new Set(['title', 'body', 'url', 'image'])
const CHANNEL = new Set<string>(CHANNELS)

const typeText: KindLayout['text'] = ([first = '', field, ...others], extension) => {
  if (others.length > 0) return undefined
  if (field === undefined && CONTENT.has(first)) return ['content', first]
  if (!CHANNEL.has(first)) return undefined
  return ['channels', first, field ?? (extension === 'html' ? 'html' : 'text')]
}

/** `footer.html` and `footer.txt`; in a folder of their language, `html.html` and `text.txt`. */
const sharedText: KindLayout['text'] = (words, extension) => {
  const field = extension === 'html' ? 'html' : 'text'
  return words.length === 0 || (words.length === 1 && words[0] === field) ? [field] : undefined
}

const noTexts = () => undefined

const keyed = (name: string, main: string, text: KindLayout['text'] = noTexts): KindLayout => ({
  ...{ name, main, text },
  route: (key) => `/v1/${name}/${encodeURIComponent(key)}`,
})

const single = (name: string, kind: KindLayout['single'] & string): KindLayout => ({
  ...{ name, main: name, text: noTexts, single: kind },
  route: () => `/v1/${name}`,
})

/** The kinds in the order in which they are written: each refers to earlier ones only. */
export const KINDS: readonly KindLayout[] = [
  single('env', 'chosen'),
  keyed('partials', 'partial', sharedText),
  keyed('layouts', 'layout', sharedText),
  keyed('categories', 'category'),
  keyed('types', 'type', typeText),
  single('tenant', 'file'),
  keyed('contexts', 'context'),
  keyed('schedules', 'schedule'),
]
