import type { Channel, LocalePreview } from '@carillon/schemas'
import type { Outgoing } from '../delivery/provider.ts'
import { renderEmail } from './email.ts'
import { plainText, smsText } from './text.ts'

const TEXT_MAX = 4_096
const SMS_MAX = 1_600

type Message = Pick<Outgoing, 'type' | 'content' | 'unsubscribeUrl'>

const languageOf = ({ content: { lang, dir } }: Message) => ({ ...(lang && { lang }), ...(dir && { dir }) })

/** Returns an item or a push message as previews and dry runs show it. Empty texts are omitted. */
export const previewContent = ({
  title,
  body,
  url,
  image,
  actions,
  lang,
  dir,
}: Pick<Outgoing['content'], keyof LocalePreview['push']>): LocalePreview['push'] => ({
  ...(title && { title }),
  ...(body && { body }),
  ...(url && { url }),
  ...(image && { image }),
  ...(actions && { actions: [...actions] }),
  ...(lang && { lang }),
  ...(dir && { dir }),
})

const content = (message: Message) => previewContent(message.content)
const email = (message: Message): LocalePreview['email'] => ({
  ...renderEmail(message),
  ...languageOf(message),
})
const sms = (message: Message): LocalePreview['sms'] => ({
  text: smsText(message.content, SMS_MAX),
  ...languageOf(message),
})
const text = (message: Message): LocalePreview['sms'] => ({
  text: plainText(message.content, { max: TEXT_MAX }),
  ...languageOf(message),
})

const SHOWN: { [On in Channel]: (message: Message) => LocalePreview[On] } = {
  ...{ push: content, webhook: content, email, sms },
  ...{ mms: text, whatsapp: text, slack: text, teams: text, discord: text, telegram: text },
}

/** Returns a message as previews and dry runs show it in its channel. Pure. */
export const previewMessage = <On extends Channel>(channel: On, message: Message): LocalePreview[On] =>
  SHOWN[channel](message)
