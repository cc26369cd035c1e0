/** The groups of operations, in the order of the documentation. */
export const TAGS = {
  Notifications: 'Backends send notifications, follow them and cancel them',
  Schedules: 'Notifications that are sent again and again, at the times of a cron expression',
  Attachments: 'Files to attach to e-mails',
  Inbox: "A user's own items: list, count and change them. For front ends, with a user token",
  Me: 'What a front end reports about its user',
  Devices: 'Where push messages, webhooks and chat messages go',
  Users: 'Profiles of users, and tokens for their apps',
  Preferences: 'What users get on which channel: their choices, the defaults, and what follows from both',
  Topics: 'Named groups of users, to whom one notification goes',
  Types: 'What notifications of one type have in common: category, priority, delivery plan',
  Templates:
    'What templates of types share: layouts of e-mails, partials, and the variables of an environment',
  'One-time passwords': 'Codes that prove a phone number or an e-mail address',
  Providers: 'Accounts with those who deliver, such as an SMTP server or an SMS gateway',
  Suppressions: 'Addresses to which nothing is sent, after a bounce, a complaint or an unsubscription',
  'Dead letters': 'Messages that could not be accepted or delivered, with the reason; they can be replayed',
  Tenant: 'Settings of the whole tenant',
  Contexts: "Workspaces, accounts or projects of the tenant's customers: brand, senders and defaults",
  Callbacks: 'For providers: where they report on messages',
  Webhooks: 'What Carillon sends to the webhooks of tenants and users',
  Unsubscription: 'For recipients of mail: the pages that unsubscribe links open',
  Operations: 'For operators and their tools: health, metrics, schemas',
} as const
export type Tag = keyof typeof TAGS
