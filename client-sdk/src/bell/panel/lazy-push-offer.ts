import { nothing } from 'lit'
import { adoptStyles } from '../adopt-styles.ts'
import type { PushOffer } from '../push/push-offer.ts'
import { derivedText } from '../text/derived-text.ts'
import type { PanelHost } from './panel.ts'

/** Shows web push in the list and in the preferences. Its code is loaded when the panel first opens on a page with web push. */
export const createLazyPushOffer = ({ client, root, openPush, textWith, text, update }: PanelHost) => {
  let offer: Promise<PushOffer> | undefined
  let loaded: PushOffer | undefined

  const load = async (): Promise<PushOffer> => {
    const [{ createPushOffer, PUSH_ENGLISH }, { styles }, push] = await Promise.all([
      import('../push/push-offer.ts'),
      import('../announcements/card.ts'),
      openPush()!,
    ])
    adoptStyles(root, styles)
    const { counts } = client
    loaded = createPushOffer({ push, counts, text: derivedText(text, () => textWith(PUSH_ENGLISH)), update })
    return loaded
  }

  return {
    /** Called when the panel opens. */
    open() {
      if (!openPush()) return
      offer ??= load()
      // The panel works without the offer. The code is loaded again when the panel next opens.
      offer
        .then((each) => each.look())
        .catch(() => {
          offer = undefined
        })
    },
    card: () => loaded?.card() ?? nothing,
    setting: () => loaded?.setting() ?? nothing,
    stop: () => loaded?.stop(),
  }
}
