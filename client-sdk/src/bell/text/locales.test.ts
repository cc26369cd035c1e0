import { describe, expect, it } from 'vitest'
import { PANEL_ENGLISH } from '../panel/english.ts'
import { PREFERENCES_ENGLISH } from '../preferences/english.ts'
import { PUSH_ENGLISH } from '../push/english.ts'
import type { Message } from './english.ts'
import { LOCALES, loadStrings, localeFor } from './locales.ts'
import { createText } from './text.ts'

const ALL: Record<string, Message> = { ...PANEL_ENGLISH, ...PREFERENCES_ENGLISH, ...PUSH_ENGLISH }
const formsOf = (message: Message): string[] =>
  typeof message === 'string' ? [message] : Object.values(message)
const namesIn = (message: Message) =>
  new Set(formsOf(message).flatMap((form) => form.match(/\{\w+\}/g) ?? []))
/** Counts are at most 100; more items may be selected. */
const COUNTS = Array.from({ length: 1_000 }, (_, n) => n)

describe.each(Object.keys(LOCALES))('the texts in %s', (locale) => {
  it('are complete and translated', async () => {
    const strings: Record<string, Message> = { ...(await loadStrings(locale)) }
    expect(Object.keys(strings).toSorted()).toEqual(Object.keys(ALL).toSorted())
    for (const [key, message] of Object.entries(strings))
      for (const form of formsOf(message)) expect(form.trim(), key).not.toBe('')
    const same = Object.keys(ALL).filter((key) => JSON.stringify(strings[key]) === JSON.stringify(ALL[key]))
    expect(same.length).toBeLessThan(8)
  })

  it('have the same placeholders', async () => {
    const strings: Record<string, Message> = { ...(await loadStrings(locale)) }
    for (const [key, message] of Object.entries(ALL))
      expect(namesIn(strings[key]!), key).toEqual(namesIn(message))
  })

  it('have every plural form that the language needs', async () => {
    const strings: Record<string, Message> = { ...(await loadStrings(locale)) }
    const rules = new Intl.PluralRules(locale)
    const needed = [...new Set(COUNTS.map((count) => rules.select(count)))]
    for (const [key, message] of Object.entries(strings)) {
      if (typeof message === 'string') expect(ALL[key], key).toBeTypeOf('string')
      else expect(Object.keys(message), key).toEqual(expect.arrayContaining([...needed, 'other']))
    }
    const text = createText(locale, strings)
    for (const n of COUNTS) expect(text('arrived', { n })).not.toContain('{')
  })
})

describe('a locale', () => {
  it('has the texts of its region, else those of its language, else English', async () => {
    expect(localeFor('pt-BR')).toBe('pt')
    expect(localeFor('pt-BR', { 'pt-BR': 1, pt: 1 })).toBe('pt-BR')
    expect(localeFor('zh-Hant-TW')).toBeUndefined()
    expect(await loadStrings('en-GB')).toBeUndefined()
    expect((await loadStrings('de-Latn-AT-u-nu-latn'))?.bell).toBe('Mitteilungen')
  })
})
