import ar from './words-ar.js'
import de from './words-de.js'
import en from './words-en.js'
import ja from './words-ja.js'
import pt from './words-pt.js'

const WORDS = { en, de, pt, ar, ja }

/** Returns the texts of the first wanted language that the page has, else English, their language, and the wanted tag. */
export const wordsFor = (wanted) => {
  for (const tag of wanted) {
    const language = tag?.split(/[-_]/, 1)[0].toLowerCase()
    if (Object.hasOwn(WORDS, language ?? '')) return { language, tag, words: WORDS[language] }
  }
  return { language: 'en', tag: 'en', words: en }
}
