import type { Message } from '../text/english.ts'

/** The texts about web push. */
export const PUSH_ENGLISH = {
  web: 'Notify this browser',
  webHint: 'Also when the page is closed.',
  webOn: 'Turn on',
  webOff: 'Turn off',
  later: 'Not now',
  blocked: 'Blocked in this browser',
  webFailed: 'That did not work. Try again later.',
} satisfies Record<string, Message>

export type PushKey = keyof typeof PUSH_ENGLISH
