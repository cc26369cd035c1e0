import { describe, expect, test } from 'vitest'
import { type LayoutWords, WORDS, wordsFor } from './words.ts'

describe('the words of e-mails', () => {
  test('exist in every language, with their values', () => {
    expect(WORDS.map(({ locale }) => locale)).toEqual(['en', 'de', 'pt', 'fr', 'es', 'pl', 'ar', 'ja'])
    for (const { locale } of WORDS) {
      const words = wordsFor(locale)
      for (const key of ['view', 'unsubscribe'] as const) expect(words(key).lang, key).toBe(locale)
      expect(words('code', { code: '123456' }, '123456').lang).toBe(locale)
      const named = words('code_for', { name: 'Tom & {x}', code: '123456' }, '123456')
      expect(named).toEqual({ text: expect.stringContaining('Tom & {x}'), lang: locale })
      expect(words('code_expires', { minutes: 5 }).lang).toBe(locale)
    }
  })

  test('have plurals', () => {
    const said = (locale: string, minutes: number) => wordsFor(locale)('code_expires', { minutes }).text
    expect([1, 2, 5, 22].map((n) => /\S+ \S+(?=\.)/.exec(said('pl', n))?.[0])).toEqual([
      ...['1 minutę', '2 minuty', '5 minut', '22 minuty'],
    ])
    expect(said('ar', 2)).toContain('دقيقتين')
    expect(said('ar', 5)).toContain('دقائق')
  })

  test('fall back to the more general language, then to English', () => {
    expect(wordsFor('pt-BR')('view')).toEqual({ text: 'Ver', lang: 'pt' })
    expect(wordsFor('nl')('view')).toEqual({ text: 'View', lang: 'en' })
    expect(wordsFor(undefined)('view')).toEqual({ text: 'View', lang: 'en' })
  })

  test('are replaced by the messages of a layout, language by language', () => {
    const layout: LayoutWords = {
      locale: 'nl',
      languages: [
        { locale: 'pt', messages: { view: 'Abrir' } },
        { locale: 'nl', messages: { view: 'Bekijken', unsubscribe: 'Afmelden' } },
      ],
    }
    const word = (locale: string, key: 'view' | 'unsubscribe') => wordsFor(locale, layout)(key).text
    expect([word('pt-BR', 'view'), word('pt-BR', 'unsubscribe')]).toEqual([
      ...['Abrir', 'Deixar de receber estes e-mails'],
    ])
    expect(word('de', 'view')).toBe('Ansehen')
    expect(word('sv', 'unsubscribe')).toBe('Afmelden')
  })

  test('are not replaced by a message that needs another value, or lacks the code', () => {
    const languages = [{ locale: 'en', messages: { view: 'See {n}', code: 'Look at your code' } }]
    const words = wordsFor('en', { languages, locale: 'en' })
    expect(words('view').text).toBe('View')
    expect(words('code', { code: '123456' }, '123456').text).toBe('Your code is 123456')
  })
})
