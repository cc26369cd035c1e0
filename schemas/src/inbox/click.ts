import { z } from 'zod'

/** Where a user followed the link of an item. */
export const ClickSource = z
  .enum(['inbox', 'toast', 'banner', 'push'])
  .meta({ id: 'ClickSource', description: 'Where the user clicked: in a list, a toast, a banner or a push' })
export type ClickSource = z.infer<typeof ClickSource>
