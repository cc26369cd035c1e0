import type { InboxPage, NotificationType, TypePreview } from '@carillon/schemas'
import { expect } from 'vitest'
import { runCarillon } from '../../rig/carillon.ts'
import { eventually, type Scenario, type ScenarioContext } from '../context.ts'

/** The parcel carrier comes last, because its notifications are sent. */
const EXAMPLES = ['starter', 'code-hosting', 'parcel-carrier'].map((name) => `examples/${name}`)
/** Plurals of Polish and Arabic differ for these. */
const COUNTS = [1, 2, 5, 11, 22]
const DELAYED = {
  pl: ['1 dzień', '2 dni', '5 dni', '11 dni', '22 dni'].map((delay) => `Paczka dotrze ${delay} później`),
  ar: ['يومًا واحدًا', 'يومين', '5 أيام', '11 يومًا', '22 يومًا'].map((delay) => `يتأخر طردك ${delay}`),
  ja: COUNTS.map((n) => `お荷物の到着が${n}日遅れます`),
}

/** Applies an example in place of the one before. Fails on every warning, except for missing provider accounts. */
const applyExample = async (dir: string, { hub, tenant }: ScenarioContext) => {
  const apply = () =>
    runCarillon(['apply', dir, '--prune', '--yes', '--url', hub(), '--key', tenant.apiKey], {})
  const { stdout, stderr } = await apply()
  expect(stdout).toMatch(/^(added|changed) +/)
  for (const line of stderr.split('\n').filter((each) => each !== ''))
    expect(line).toMatch(/warning: no provider account serves (sms|slack),/)
  expect((await apply()).stdout).toBe('nothing to change\n')
}

/** Previews every type in every locale. Returns the number of types. */
const previewAll = async ({ ok }: ScenarioContext): Promise<number> => {
  const { types } = await ok<{ types: NotificationType[] }>('GET', '/v1/types')
  for (const { key, locales = {} } of types) {
    const preview = await ok<TypePreview>('POST', `/v1/types/${key}/preview`, { locale: '*' })
    const found = Object.entries(preview.locales ?? {})
    expect(found.map(([locale]) => locale).sort()).toEqual(['en', ...Object.keys(locales)].sort())
    for (const [locale, { faults, inbox, email, sms }] of found) {
      expect([key, locale, faults]).toEqual([key, locale, []])
      expect([inbox.title, email.subject, sms.text], `${key} ${locale}`).not.toContain('')
      expect(JSON.stringify([inbox, email, sms])).not.toMatch(/\{\{|undefined|\[object/)
    }
  }
  return types.length
}

/** The catalogues in examples, as their products would use them. */
export const CATALOGUES: Scenario = {
  title: 'real catalogues are applied from files, previewed in every locale, sent and read',
  run: async (context) => {
    const { account, mail, ok, token, user } = context
    const server = await mail()
    await account('mail', server.account)
    let previewed = 0
    for (const dir of EXAMPLES) {
      await applyExample(dir, context)
      previewed += await previewAll(context)
    }
    expect(previewed).toBe(50)

    const people = Object.keys(DELAYED) as (keyof typeof DELAYED)[]
    for (const locale of people) await user(locale, { email: `${locale}@home.example`, locale })
    const send = (type: string, data: object) => ok('POST', '/v1/notifications', { to: people, type, data })
    const { sample = {} } = await ok<NotificationType>('GET', '/v1/types/parcel.delayed')
    for (const days of COUNTS) await send('parcel.delayed', { ...sample, days })
    for (const person of people)
      await eventually(async () => {
        const { items } = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token(person))
        expect(items.map(({ title }) => title).sort()).toEqual([...DELAYED[person]].sort())
      })
    await expect(send('parcel.delayed', { ...sample, days: 'two' })).rejects.toThrow('/data/days')

    const label = await ok<NotificationType>('GET', '/v1/types/return.label-ready')
    await send('return.label-ready', { ...label.sample, shop: 'Tom & "Jo"' })
    const arabic = await eventually(() => {
      const subject = 'ملصق الإرجاع إلى Tom & "Jo" جاهز'
      const found = server.accepted.find(({ email }) => email.subject === subject)
      expect(found?.to).toEqual(['ar@home.example'])
      return found?.email
    })
    expect(arabic?.html).toContain('lang="ar" dir="rtl"')
    expect(arabic?.html).toContain('18 ديسمبر 2026')
  },
}
