/** Delivery plans to choose from. Without one, the notification type's plan applies, if it has one. */
export const plans = {
  'Inbox only': undefined,
  'E-mail if unread after 10 s': [{ channel: 'email', when: 'unread', after: 10 }],
  'Push at once if offline, e-mail if unread after 15 s': [
    { channel: 'push', when: 'offline' },
    { channel: 'email', when: 'unread', after: 15 },
  ],
  'SMS, e-mail if that fails': [
    { channel: 'sms', when: 'always' },
    { channel: 'email', when: 'failed' },
  ],
}
