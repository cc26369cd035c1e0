import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addressKey } from '@carillon/core/delivery/addresses'
import type { Content, Outgoing } from '@carillon/core/delivery/provider'
import { ProblemError } from '@carillon/core/errors'
import { parseJson } from '@carillon/core/json/json'
import { escapeMarkup, linksOf } from '@carillon/core/render/chat'
import { cutEscaped } from '@carillon/core/render/cut'
import { renderEmail } from '@carillon/core/render/email'
import { plainText, smsText } from '@carillon/core/render/text'
import { oneLine } from '@carillon/dispatcher/channels/outcome'
import { optOutKeyword } from '@carillon/dispatcher/channels/phone/opt-out'
import { fitContent } from '@carillon/dispatcher/channels/push/fit-content'
import {
  cleanText,
  cut,
  ItemId,
  Notification,
  PhoneNumber,
  parse,
  parseLenient,
  readEmail,
  readLink,
  Timestamp,
  UserId,
  UserProfile,
  withoutTrailingSlash,
} from '@carillon/schemas'
import jsTokens from 'js-tokens'
import { analyse } from 'scslre'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** All code that may read untrusted text, including pages and workers in browsers. */
const SOURCES = ['schemas/src', 'core/src', 'hub/src', 'dispatcher/src', 'cli/src', 'client-sdk/src']

type Expression = { at: string; source: string; flags: string }

const expressionsOf = (file: string): Expression[] =>
  [...jsTokens(readFileSync(join(ROOT, file), 'utf8'))].flatMap((token) => {
    if (token.type !== 'RegularExpressionLiteral') return []
    const end = token.value.lastIndexOf('/')
    return [
      { at: `${file} ${token.value}`, source: token.value.slice(1, end), flags: token.value.slice(end + 1) },
    ]
  })

describe('regular expressions', () => {
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|js)$/.test(file) && !/\.test\.ts$|(^|\/)(testing|contract)\//.test(file))
      .map((file) => join(folder, file)),
  )
  const superLinear = ({ source, flags }: { source: string; flags: string }) =>
    analyse({ source, flags }).reports.map(
      ({ type, exponential }) => `${type}${exponential ? ', exponential' : ''}`,
    )

  test('all run in linear time, wherever a match starts', () => {
    const all = files.flatMap(expressionsOf)
    expect(all.length).toBeGreaterThan(150)
    expect(all.flatMap((each) => superLinear(each).map((how) => `${each.at}: ${how}`))).toEqual([])
  })

  test('are all literals, so that the test above finds them', () => {
    const built = files.filter((file) => /\bRegExp\(/.test(readFileSync(join(ROOT, file), 'utf8')))
    expect(built).toEqual([])
  })

  test('those of the validator run in linear time', () => {
    for (const schema of [PhoneNumber, ItemId, Timestamp]) {
      const pattern = (schema._zod.def as { pattern?: RegExp }).pattern
      expect(pattern).toBeInstanceOf(RegExp)
      if (pattern) expect(superLinear(pattern), pattern.source).toEqual([])
    }
  })

  test('are detected if super-linear', () => {
    expect(superLinear(/[ \t]+\n/g)).not.toEqual([])
    expect(superLinear(/(a+)+$/)).not.toEqual([])
  })
})

/** Texts of a given length that make careless loops and expressions slow. */
const PATHOLOGICAL: Record<string, (length: number) => string> = {
  blanks: (length) => ' '.repeat(length),
  'blanks and an end': (length) => `${' '.repeat(length)}x`,
  tabs: (length) => `x${'\t'.repeat(length)}x`,
  'line breaks': (length) => `${'\r\n'.repeat(length / 2)}x`,
  'lines of blanks': (length) => ' \n'.repeat(length / 2),
  'one combining mark': (length) => '\u0301'.repeat(length),
  flags: (length) => '🇵🇹'.repeat(length / 4),
  families: (length) => '👨‍👩‍👧‍👦'.repeat(length / 11),
  joiners: (length) => '\u200d'.repeat(length),
  selectors: (length) => `❤${'\ufe0f\u200d'.repeat(length / 2)}`,
  tags: (length) => `🏴${'\u{e0067}'.repeat(length / 2)}`,
  overrides: (length) => '\u202e'.repeat(length),
  'halves of pairs': (length) => '\ud83d'.repeat(length),
  controls: (length) => '\u0001\u000b'.repeat(length / 2),
  slashes: (length) => `${'/'.repeat(length)}x`,
  dots: (length) => `a${'.a'.repeat(length / 2)}`,
  ats: (length) => '@'.repeat(length),
  'one word': (length) => `${'a'.repeat(length)}!`,
  zeros: (length) => `1${'0'.repeat(length)}1`,
  markup: (length) => '&<>"*_[('.repeat(length / 8),
  quotes: (length) => `"${'\\'.repeat(length)}`,
  addresses: (length) => 'https://a.example/('.repeat(length / 19),
  brackets: (length) => '[{'.repeat(length / 2),
}

const outgoing = (content: Content): Outgoing => ({
  tenant: 't',
  user: 'ada',
  channel: 'email',
  notification: 'n',
  type: 'x',
  priority: 'normal',
  at: 0,
  expiresAt: 1,
  address: { kind: 'email', email: 'ada@example.com' },
  content,
  key: 'k',
  attempt: 1,
})

const everywhere = (text: string): Content => ({
  title: text,
  body: text,
  url: `https://app.example/${text}`,
  image: text,
  actions: [{ name: 'a', label: text, url: text }],
  actor: { name: text },
  tags: [text],
  data: { text },
})

const json = (text: string) => {
  for (const document of [
    `{"a":${JSON.stringify(text)}}`,
    `[${text}]`,
    `{"a":[${'1e20,'.repeat(text.length / 5)}1e999]}`,
  ])
    try {
      parseJson(Buffer.from(document))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
}

const note = (text: string) => ({
  to: 'ada',
  type: 'x',
  title: text,
  body: text,
  url: text,
  data: { [text]: text },
})

/** All functions that read untrusted text. */
const FUNCTIONS: Record<string, (text: string) => unknown> = {
  cleanText,
  cut: (text) => [10, 100, text.length - 1].map((max) => cut(text, max)),
  cutEscaped: (text) => cutEscaped(text, text.length - 1, escapeMarkup),
  readLink: (text) => [readLink(text), readLink(`/${text}`), readLink(`https://${text}`)],
  readEmail: (text) => [readEmail(text), readEmail(`${text}@example.com`), readEmail(`ada@${text}`)],
  withoutTrailingSlash,
  addressKey: (text) => [addressKey(text), addressKey(`ada@${text}`)],
  'a user id': (text) => parse(UserId, text),
  'a profile': (text) =>
    parse(UserProfile, {
      name: text,
      email: text,
      phone: text,
      locale: text,
      timezone: text,
      attributes: { text },
    }),
  'a notification': (text) => parse(Notification, note(text)),
  'a notification with a bad recipient': (text) =>
    parseLenient(Notification, { ...note('x'), to: { user: 'ada', email: text, timezone: text } }),
  'a notification with an unknown field': (text) =>
    parse(Notification, { ...note('x'), [text]: text, priority: text }),
  json,
  plainText: (text) => plainText(everywhere(text), { max: 4_096 }),
  smsText: (text) => smsText(everywhere(text), 1_600),
  renderEmail: (text) => renderEmail(outgoing(everywhere(text))),
  linksOf: (text) => linksOf(everywhere(text), 10, 80),
  fitContent: (text) => fitContent(everywhere(text), 4_000, (content) => content),
  oneLine,
  optOutKeyword,
}

/**
 * At this length, quadratic time is tens of seconds of processor time and linear time is milliseconds, so the limit is
 * reliable on a busy machine.
 */
const LENGTH = 100_000
const BOUND_MS = 5_000

describe('functions over text', () => {
  test.each(Object.entries(FUNCTIONS))(
    '%s runs in linear time',
    (_, run) => {
      const slow = Object.entries(PATHOLOGICAL).flatMap(([name, make]) => {
        const text = make(LENGTH)
        const before = process.cpuUsage()
        run(text)
        const { user, system } = process.cpuUsage(before)
        const ms = (user + system) / 1_000
        return ms > BOUND_MS ? [`${name}: ${Math.round(ms)} ms`] : []
      })
      expect(slow).toEqual([])
    },
    120_000,
  )
})
