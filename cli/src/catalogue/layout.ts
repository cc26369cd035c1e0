import { CHANNELS } from '@carillon/schemas'

/** Where a file stands within its resource: the path of the value that it holds. */
export type ValuePath = readonly string[]

/** One kind of resources: its folder in a catalogue, and its route. */
export type KindLayout = {
  /** The name of the folder, and of the kind in the API. */
  name: string
  /** The stem of the main file in a resource's own folder: `type.yaml`. */
  main: string
  /** Returns the route of a resource. */
  route: (key: string) => string
  /** Returns the place of a text file such as `email.subject.txt`: `words` are `email` and `subject`. */
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

const noTexts = () => undefined

/** The kinds in the order in which they are written: each refers to earlier ones only. */
export const KINDS: readonly KindLayout[] = [
  {
    ...{ name: 'categories', main: 'category', text: noTexts },
    route: (key) => `/v1/categories/${encodeURIComponent(key)}`,
  },
  { name: 'types', main: 'type', route: (key) => `/v1/types/${encodeURIComponent(key)}`, text: typeText },
]
