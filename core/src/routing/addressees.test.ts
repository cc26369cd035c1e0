import { expect, test } from 'vitest'
import { addresseesOf } from './addressees.ts'
import { exclusionOf } from './exclusion.ts'

test('one user, a list, topics and everyone are told apart, each once', () => {
  const { users, audiences } = addresseesOf({
    to: ['ada', 'ada', { user: 'grace' }, { topic: 'post:1' }, { topic: 'post:1' }, { everyone: true }],
  })
  expect(users).toEqual(['ada', 'grace'])
  expect(audiences).toEqual([{ topic: 'post:1' }, { everyone: true }])
  expect(addresseesOf({ to: 'ada' }).users).toEqual(['ada'])
})

test('only users that come with attributes are to be remembered', () => {
  const { introduced } = addresseesOf({ to: [{ user: 'ada', locale: 'pt-BR' }, { user: 'grace' }, 'linus'] })
  expect(introduced).toEqual([{ id: 'ada', profile: { locale: 'pt-BR' } }])
})

test('the actor and the excluded are told by what excludes them', () => {
  const of = exclusionOf({ exclude: ['linus'], actor: { user: 'ada' } })
  expect(['ada', 'linus', 'grace'].map(of)).toEqual(['actor.user', 'exclude', undefined])
  expect(exclusionOf({})('ada')).toBeUndefined()
  expect(exclusionOf({ actor: { name: 'Ada' } })('ada')).toBeUndefined()
})
