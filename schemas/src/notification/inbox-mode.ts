import { z } from 'zod'

export const INBOX_MODES = ['shown', 'silent', 'none'] as const
export const InboxMode = z.enum(INBOX_MODES).meta({
  id: 'InboxMode',
  description: `How a notification appears in the inbox.

- \`shown\`: an item.
- \`silent\`: an item that is counted as unread, without a sound, a toast or a push.
- \`none\`: no item, only the delivery plan. Its conditions \`undelivered\`, \`unseen\` and \`unread\` are true, and \`offline\`
is true of people who are not connected.`,
})
export type InboxMode = z.infer<typeof InboxMode>
