import type { NotificationType } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { Library } from '../store/ports/library.ts'
import { createPreparedTypes } from './prepared-types.ts'
import { scopeOf } from './scope.ts'

const type = {
  ...{ key: 'order.shipped', version: 1 },
  channels: { email: { html: '<p>Shipped</p>', layout: 'main' } },
} as NotificationType

const library = (revision: number, layouts: Library['layouts']): Library => ({
  ...{ revision, layouts, partials: new Map(), env: {}, envVersion: 0, size: 0 },
})
const LIBRARIES = [
  library(0, new Map()),
  library(1, new Map([['main', { key: 'main', version: 1, html: '<main>{{ content }}</main>' }]])),
]

test('a layout that this process has not seen yet is looked up again', async () => {
  let newest = 0
  const prepared = createPreparedTypes(
    { insecureLinks: 'refuse' },
    { library: async (_, revision) => LIBRARIES[revision], revision: async () => newest },
  )
  const templates = () => prepared('acme', type, { revision: 0 })
  const faults = async () => {
    const scope = scopeOf({}, { id: 'ada', profile: {} }, { variables: { tenant: {}, context: {} } })
    const viewer = { locale: 'en', timezone: 'UTC', now: 0 }
    return (await templates())?.render('email', scope, viewer).faults.map(({ message }) => message)
  }
  expect(await faults()).toEqual(['there is no layout main'])
  newest = 1
  expect(await faults()).toEqual([])
  expect(await templates()).toBe(await templates())
})
