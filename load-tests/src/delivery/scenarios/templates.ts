import type { InboxPage } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const NAME = `Tom & "Jo" <O'Neil>`

/** Texts of a type, in the inbox and beyond. */
export const TEMPLATES: Scenario = {
  title: 'a type has its texts: each person reads them in their language, in the inbox and in e-mails',
  run: async ({ account, ledger, mail, ok, token, user }) => {
    const server = await mail()
    await account('mail', server.account)
    await user('ada', { email: 'ada@home.example' })
    await user('bia', { email: 'bia@home.example', locale: 'pt-BR' })
    await ok('PUT', '/v1/types/order.shipped', {
      content: { title: '{{ data.name }}: on its way' },
      channels: { email: { subject: 'Order of {{ data.name }}', html: '<p>For <b>{{ data.name }}</b></p>' } },
      locales: { pt: { content: { title: '{{ data.name }}: a caminho' } } },
      plan: [{ channel: 'email', when: 'always' }],
    })
    const { id, warnings } = await ok<{ id: string; warnings: object[] }>('POST', '/v1/notifications', {
      ...{ to: ['ada', 'bia'], type: 'order.shipped', title: 'ignored', data: { name: NAME } },
    })
    expect(warnings).toMatchObject([{ code: 'ignored', pointer: '/title' }])
    await eventually(() => expect(server.accepted).toHaveLength(2))
    const mails = new Map(server.accepted.map(({ to: [to], email }) => [to, email]))
    expect(mails.get('ada@home.example')?.subject).toBe(`Order of ${NAME}`)
    expect(mails.get('bia@home.example')?.subject).toBe(`${NAME}: a caminho`)
    expect(mails.get('ada@home.example')?.html).toContain(
      '<b>Tom &amp; &quot;Jo&quot; &lt;O&#39;Neil&gt;</b>',
    )
    expect(mails.get('bia@home.example')?.html).toContain('<html lang="pt" dir="ltr"')
    for (const person of ['ada', 'bia']) await ledger(id, person, { channel: 'email', state: 'sent' })
    const titleOf = async (person: string) => {
      const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token(person))
      return items.map(({ title }) => title)
    }
    expect([await titleOf('ada'), await titleOf('bia')]).toEqual([
      [`${NAME}: on its way`],
      [`${NAME}: a caminho`],
    ])
  },
}
