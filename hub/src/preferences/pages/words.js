import ar from './words-ar.js'
import de from './words-de.js'
import en from './words-en.js'
import ja from './words-ja.js'
import pt from './words-pt.js'

const WORDS = { en, de, pt, ar, ja }

/** Returns the texts of the first wanted language that the page has, else English, and their language. */
export const wordsFor = (wanted) => {
  for (const tag of wanted) {
    const language = tag?.split(/[-_]/, 1)[0].toLowerCase()
    if (Object.hasOwn(WORDS, language ?? '')) return { language, words: WORDS[language] }
  }
  return { language: 'en', words: en }
}
