import { createApi, Refused } from './api.js'
import { showBrand } from './brand.js'
import { createChoices } from './choices.js'
import { element } from './dom.js'
import { wordsFor } from './words.js'

const page = document.getElementById('page')
const status = document.getElementById('status')

const showLanguage = ({ language, words }) => {
  document.documentElement.lang = language
  document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr'
  document.title = words.title
}

/** Shows why the page cannot be loaded. A button calls `retry`, if it is given. */
const showFailure = (title, text, again, retry) => {
  const button = retry && element('button', { type: 'button', class: 'again' }, again)
  button?.addEventListener('click', retry)
  page.replaceChildren(element('h1', { tabindex: -1 }, title), element('p', {}, text), button ?? '')
  page.setAttribute('aria-busy', 'false')
  page.querySelector('h1').focus()
}

/**
 * Makes changes one after the other. `patch` is called when its change is sent, so it is based on the data at that time. A
 * control whose change failed shows the stored choice again, and so do all others once nothing is pending.
 */
const createSave = (api, words, choices) => {
  let last = Promise.resolve()
  let pending = 0
  return (control, patch) => {
    pending++
    status.textContent = words.saving
    status.className = ''
    last = last.then(async () => {
      try {
        choices.know(await api.change(patch()))
        status.textContent = words.saved
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        choices.restore(control)
        status.textContent = words.notSaved
        status.className = 'failed'
      } finally {
        pending--
        if (pending === 0) choices.refresh()
      }
    })
  }
}

/** Shows the preferences that a token grants access to. */
export const openPage = async (token) => {
  const browser = wordsFor(navigator.languages)
  showLanguage(browser)
  const api = createApi(token)
  let data
  try {
    data = await api.read()
  } catch (error) {
    const { words } = browser
    if (!(error instanceof Refused)) throw error
    if (error.code === 'token_expired') return showFailure(words.expired, words.expiredText)
    if (error.code === 'unauthenticated' || error.code === 'erased')
      return showFailure(words.invalid, words.invalidText)
    return showFailure(words.failed, words.failedText, words.again, () => openPage(token))
  }
  const chosen = wordsFor([data.locale, ...navigator.languages])
  showLanguage(chosen)
  const brand = document.getElementById('brand')
  brand.replaceChildren()
  showBrand(brand, data.brand)
  const choices = createChoices(data, chosen.words, chosen.tag)
  page.replaceChildren(...choices.elements)
  page.setAttribute('aria-busy', 'false')
  const save = createSave(api, chosen.words, choices)
  choices.onChange(save)
}
