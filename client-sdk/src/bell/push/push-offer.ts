import type { Counts } from '@carillon/schemas'
import { html, nothing, type TemplateResult } from 'lit'
import type { Push, PushState } from '../../push/push.ts'
import type { Readable } from '../../store/store.ts'
import { icon } from '../icon.ts'
import { storeChoice, storedChoice } from '../stored-choices.ts'
import type { Text } from '../text/text.ts'
import { PUSH_ENGLISH, type PushKey } from './english.ts'
import { endOffer, isOfferTime } from './offer-time.ts'

export { PUSH_ENGLISH }

/** Offers web push in this browser, once in the list and permanently in the preferences. */
export const createPushOffer = ({
  push,
  counts,
  text,
  update,
}: {
  push: Push
  counts: Readable<Counts>
  text: () => Text<PushKey>
  update: () => void
}) => {
  let state: PushState | undefined
  let isOffered = false
  let hasFailed = false
  /** Stops updating the app badge. If push was on when the page loaded, the element updates the badge instead. */
  let off = storedChoice('push') === 'on' ? () => {} : undefined

  const change = async (ask: () => Promise<PushState>) => {
    try {
      state = await ask()
      hasFailed = false
      storeChoice('push', state)
      if (state === 'on') off ??= push.follow(counts)
    } catch {
      // The hub or the push service of the browser did not answer.
      hasFailed = true
    }
    update()
  }
  const answer = () => {
    endOffer()
    isOffered = false
    update()
  }
  const turnOn = async () => {
    await change(push.enable)
    if (state === 'on') answer()
  }
  const line = () => text()(hasFailed ? 'webFailed' : state === 'denied' ? 'blocked' : 'webHint')

  return {
    stop: () => off?.(),
    /** Reads the push state of the browser again. Called when the panel opens. */
    async look() {
      // Nothing is offered while the state is unknown.
      state = await push.state().catch(() => undefined)
      isOffered = state === 'off' && isOfferTime()
      update()
    },
    /** Renders the offer above the list, if it is due. */
    card: (): TemplateResult | typeof nothing =>
      isOffered
        ? html`
            <div class="announcement offer" role="group" aria-labelledby="web-card">
              <span class="sign">${icon('bell')}</span>
              <div class="text">
                <p class="title" id="web-card">${text()('web')}</p>
                <p class="body" role="status">${line()}</p>
                <div class="actions">
                  ${state === 'denied' ? nothing : html`<button class="action primary" part="action" @click=${turnOn}>${text()('webOn')}</button>`}
                  <button class="action" part="action" @click=${answer}>${text()('later')}</button>
                </div>
              </div>
            </div>
          `
        : nothing,
    /** Renders the section of the preferences, if the browser supports web push. */
    setting(): TemplateResult | typeof nothing {
      if (!state || state === 'unsupported') return nothing
      const isOn = state === 'on'
      const toggle = () => change(isOn ? push.disable : push.enable)
      return html`
        <section aria-labelledby="web-setting">
          <div class="line">
            <h3 class="grow" id="web-setting">${text()('web')}</h3>
            ${state === 'denied' ? nothing : html`<button class="action" part="action" @click=${toggle}>${text()(isOn ? 'webOff' : 'webOn')}</button>`}
          </div>
          <p class="soft" role="status">${line()}</p>
        </section>
      `
    },
  }
}
export type PushOffer = ReturnType<typeof createPushOffer>
