import { messageFormat } from '../template/formats.ts'
import type { Messages } from '../template/languages.ts'
import { chainOf } from '../template/locale-chain.ts'

/** `view`: the button for the link; `code…`: a one-time password. */
const KEYS = ['view', 'unsubscribe', 'code', 'code_for', 'code_expires'] as const
type Key = (typeof KEYS)[number]

const FALLBACK = 'en'

/**
 * The words of Carillon's own e-mails, as messages that a layout may replace. `code` and `name` are texts, `minutes` a number.
 */
export const WORDS: readonly { locale: string; messages: Readonly<Record<Key, string>> }[] = [
  {
    locale: FALLBACK,
    messages: {
      view: 'View',
      unsubscribe: 'Unsubscribe from these e-mails',
      code: 'Your code is {code}',
      code_for: 'Your code for {name} is {code}',
      code_expires:
        'It is good for {minutes, plural, one {# minute} other {# minutes}}. Do not give it to anybody.',
    },
  },
  {
    locale: 'de',
    messages: {
      view: 'Ansehen',
      unsubscribe: 'Diese E-Mails abbestellen',
      code: 'Ihr Code ist {code}',
      code_for: 'Ihr Code für {name} ist {code}',
      code_expires:
        'Er gilt {minutes, plural, one {# Minute} other {# Minuten}}. Geben Sie ihn an niemanden weiter.',
    },
  },
  {
    locale: 'pt',
    messages: {
      view: 'Ver',
      unsubscribe: 'Deixar de receber estes e-mails',
      code: 'O seu código é {code}',
      code_for: 'O seu código para {name} é {code}',
      code_expires:
        'É válido durante {minutes, plural, one {# minuto} other {# minutos}}. Não o partilhe com ninguém.',
    },
  },
  {
    locale: 'fr',
    messages: {
      view: 'Voir',
      unsubscribe: 'Se désabonner de ces e-mails',
      code: 'Votre code est {code}',
      code_for: 'Votre code pour {name} est {code}',
      code_expires:
        'Il est valable {minutes, plural, one {# minute} other {# minutes}}. Ne le communiquez à personne.',
    },
  },
  {
    locale: 'es',
    messages: {
      view: 'Ver',
      unsubscribe: 'Dejar de recibir estos correos',
      code: 'Su código es {code}',
      code_for: 'Su código para {name} es {code}',
      code_expires:
        'Es válido durante {minutes, plural, one {# minuto} other {# minutos}}. No lo comparta con nadie.',
    },
  },
  {
    locale: 'pl',
    messages: {
      view: 'Zobacz',
      unsubscribe: 'Zrezygnuj z tych e-maili',
      code: 'Twój kod to {code}',
      code_for: 'Twój kod do {name} to {code}',
      code_expires:
        'Jest ważny {minutes, plural, one {# minutę} few {# minuty} many {# minut} other {# minuty}}. Nie podawaj go nikomu.',
    },
  },
  {
    locale: 'ar',
    messages: {
      view: 'عرض',
      unsubscribe: 'إلغاء الاشتراك في هذه الرسائل',
      code: 'رمزك هو {code}',
      code_for: 'رمزك في {name} هو {code}',
      code_expires:
        'الرمز صالح لمدة {minutes, plural, one {دقيقة واحدة} two {دقيقتين} few {# دقائق} many {# دقيقة} other {# دقيقة}}. لا تعطه لأحد.',
    },
  },
  {
    locale: 'ja',
    messages: {
      view: '表示する',
      unsubscribe: 'これらのメールの配信を停止する',
      code: '認証コードは {code} です',
      code_for: '{name} の認証コードは {code} です',
      code_expires: '{minutes, plural, other {#分間}}有効です。誰にも教えないでください。',
    },
  },
]

/** A text and its language. */
export type Word = { text: string; lang: string }

/** Messages of a layout, in all its languages. `locale`: the language that it falls back to. */
export type LayoutWords = { languages: Messages; locale: string }

/** Returns a word. If it cannot be formatted, or lacks the text `required`, the next language is used. */
export type Words = (key: Key, values?: Readonly<Record<string, string | number>>, required?: string) => Word

/**
 * Returns the words in the closest language to a locale. In each language, the messages of the layout come before those of
 * Carillon. The layout's own language and English come last.
 */
export const wordsFor = (
  locale: string | undefined,
  { languages, locale: own }: LayoutWords = { languages: [], locale: FALLBACK },
): Words => {
  const all: Messages = [...languages, ...WORDS]
  const chain = [...chainOf(all, locale, own), ...chainOf(WORDS, undefined, FALLBACK)]
  return (key, values = {}, required = '') => {
    for (const { locale: lang, messages } of chain) {
      if (!Object.hasOwn(messages, key)) continue
      try {
        const text = String(messageFormat(lang, messages[key] ?? '').format(values))
        if (text.includes(required)) return { text, lang }
      } catch {
        // The layout's message needs a value that Carillon does not have.
      }
    }
    throw new Error(`there is no word ${key}`)
  }
}

/** The words of the default layout. */
export type MailWords = Record<'view' | 'unsubscribe', Word>

export const mailWords = (words: Words): MailWords => ({
  view: words('view'),
  unsubscribe: words('unsubscribe'),
})
