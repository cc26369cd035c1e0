import { expect, test } from 'vitest'
import { addresseesOf } from './addressees.ts'
import { exclusionOf } from './exclusion.ts'

test('splits users, topics and everyone, without duplicates', () => {
  const { users, audiences } = addresseesOf({
    to: ['ada', 'ada', { user: 'grace' }, { topic: 'post:1' }, { topic: 'post:1' }, { everyone: true }],
  })
  expect(users).toEqual(['ada', 'grace'])
  expect(audiences).toEqual([{ topic: 'post:1' }, { everyone: true }])
  expect(addresseesOf({ to: 'ada' }).users).toEqual(['ada'])
})

test('returns only users with attributes as introduced', () => {
  const { introduced } = addresseesOf({ to: [{ user: 'ada', locale: 'pt-BR' }, { user: 'grace' }, 'linus'] })
  expect(introduced).toEqual([{ id: 'ada', profile: { locale: 'pt-BR' } }])
})

test('exclusionOf returns what excludes a user', () => {
  const of = exclusionOf({ exclude: ['linus'], actor: { user: 'ada' } })
  expect(['ada', 'linus', 'grace'].map(of)).toEqual(['actor.user', 'exclude', undefined])
  expect(exclusionOf({})('ada')).toBeUndefined()
  expect(exclusionOf({ actor: { name: 'Ada' } })('ada')).toBeUndefined()
})
