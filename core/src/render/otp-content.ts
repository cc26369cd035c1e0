import type { ItemContent } from '@carillon/schemas'
import type { Step } from '../delivery/step.ts'
import { directionOf } from '../template/locale-chain.ts'
import type { MessageContent } from './message-content.ts'
import type { Words } from './words.ts'

/** Returns the content of a message with a one-time password. `now`: epoch ms. */
export const otpContent = (
  { name, expiresAt }: Pick<Step, 'name' | 'expiresAt'>,
  code: string,
  words: Words,
  now: number,
): MessageContent<Partial<ItemContent>> => {
  const minutes = Math.max(1, Math.round((expiresAt - now) / 60_000))
  const title = name === undefined ? words('code', { code }, code) : words('code_for', { name, code }, code)
  const body = words('code_expires', { minutes })
  return {
    content: { title: title.text, body: body.text },
    texts: { lang: title.lang, dir: directionOf(title.lang) },
  }
}
