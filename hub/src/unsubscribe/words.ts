import type { Channel } from '@carillon/schemas'
import type { Language } from '../preferences/languages.ts'

/** The texts of the unsubscribe page. */
export type Words = {
  ask: string
  askText: string
  button: string
  done: string
  doneText: string
  later: string
  sample: string
  sampleText: string
  expired: string
  expiredText: string
  invalid: string
  invalidText: string
  email: string
  sms: string
}

export const WORDS: Record<Language, Words> = {
  en: {
    ask: 'Stop these messages?',
    askText: 'You will no longer get:',
    button: 'Unsubscribe',
    done: 'You are unsubscribed',
    doneText: 'You will no longer get:',
    later: 'You can change this in your preferences.',
    sample: 'This link is a sample',
    sampleText: 'It comes from a preview or a test and belongs to nobody. Nothing was changed.',
    expired: 'This link has expired',
    expiredText: 'Links work for 30 days. Use the link of a newer message.',
    invalid: 'This link does not work',
    invalidText: 'It is incomplete or was changed. Open the link in the message again.',
    email: 'e-mail',
    sms: 'text message',
  },
  de: {
    ask: 'Diese Nachrichten abbestellen?',
    askText: 'Sie erhalten dann nicht mehr:',
    button: 'Abbestellen',
    done: 'Abbestellt',
    doneText: 'Sie erhalten nicht mehr:',
    later: 'Das können Sie in Ihren Einstellungen ändern.',
    sample: 'Dieser Link ist ein Muster',
    sampleText:
      'Er stammt aus einer Vorschau oder einem Test und gehört niemandem. Es wurde nichts geändert.',
    expired: 'Dieser Link ist abgelaufen',
    expiredText: 'Links gelten 30 Tage. Verwenden Sie den Link einer neueren Nachricht.',
    invalid: 'Dieser Link funktioniert nicht',
    invalidText:
      'Er ist unvollständig oder wurde verändert. Öffnen Sie den Link in der Nachricht noch einmal.',
    email: 'E-Mail',
    sms: 'SMS',
  },
  pt: {
    ask: 'Deixar de receber estas mensagens?',
    askText: 'Deixará de receber:',
    button: 'Cancelar subscrição',
    done: 'Subscrição cancelada',
    doneText: 'Já não vai receber:',
    later: 'Pode alterar isto nas suas preferências.',
    sample: 'Esta ligação é um exemplo',
    sampleText: 'Vem de uma pré-visualização ou de um teste e não pertence a ninguém. Nada foi alterado.',
    expired: 'Esta ligação expirou',
    expiredText: 'As ligações são válidas por 30 dias. Use a ligação de uma mensagem mais recente.',
    invalid: 'Esta ligação não funciona',
    invalidText: 'Está incompleta ou foi alterada. Abra de novo a ligação da mensagem.',
    email: 'e-mail',
    sms: 'SMS',
  },
  ar: {
    ask: 'هل تريد إيقاف هذه الرسائل؟',
    askText: 'لن تتلقى بعد ذلك:',
    button: 'إلغاء الاشتراك',
    done: 'تم إلغاء اشتراكك',
    doneText: 'لن تتلقى بعد الآن:',
    later: 'يمكنك تغيير ذلك في تفضيلاتك.',
    sample: 'هذا الرابط نموذج',
    sampleText: 'هو من معاينة أو اختبار ولا يخص أحدًا. لم يتغير أي شيء.',
    expired: 'انتهت صلاحية هذا الرابط',
    expiredText: 'تعمل الروابط لمدة 30 يومًا. استخدم رابط رسالة أحدث.',
    invalid: 'هذا الرابط لا يعمل',
    invalidText: 'الرابط غير مكتمل أو تم تغييره. افتح الرابط من الرسالة مرة أخرى.',
    email: 'البريد الإلكتروني',
    sms: 'رسالة نصية',
  },
  ja: {
    ask: 'これらのメッセージの配信を停止しますか？',
    askText: '今後、次のメッセージは届きません。',
    button: '配信を停止する',
    done: '配信を停止しました',
    doneText: '今後、次のメッセージは届きません。',
    later: 'この設定は通知設定でいつでも変更できます。',
    sample: 'このリンクは見本です',
    sampleText: 'プレビューまたはテストのリンクで、宛先はありません。何も変更されていません。',
    expired: 'このリンクは有効期限が切れています',
    expiredText: 'リンクの有効期間は30日です。新しいメッセージのリンクをご利用ください。',
    invalid: 'このリンクは使用できません',
    invalidText: 'リンクが不完全か、変更されています。メッセージのリンクをもう一度開いてください。',
    email: 'メール',
    sms: 'SMS',
  },
}

/** Names of channels that are the same in every language. */
const PROPER: Partial<Record<Channel, string>> = {
  whatsapp: 'WhatsApp',
  slack: 'Slack',
  teams: 'Teams',
  discord: 'Discord',
  telegram: 'Telegram',
  mms: 'MMS',
  push: 'Push',
  webhook: 'Webhook',
}

/** Returns a channel as people call it. */
export const channelName = ({ email, sms }: Words, channel: Channel): string => {
  if (channel === 'email') return email
  return channel === 'sms' ? sms : (PROPER[channel] ?? channel)
}
