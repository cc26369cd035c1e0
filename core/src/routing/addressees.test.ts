import { expect, test } from 'vitest'
import { recipientsOf } from './addressees.ts'

test('one user, a list, topics and everyone are told apart, each once', () => {
  const { users, audiences } = recipientsOf({
    to: ['ada', 'ada', { user: 'grace' }, { topic: 'post:1' }, { topic: 'post:1' }, { everyone: true }],
  })
  expect(users).toEqual(['ada', 'grace'])
  expect(audiences).toEqual([{ topic: 'post:1' }, { everyone: true }])
  expect(recipientsOf({ to: 'ada' }).users).toEqual(['ada'])
})

test('the actor and the excluded do not get it', () => {
  const { users, excluded } = recipientsOf({
    to: ['ada', 'grace', 'linus'],
    exclude: ['linus'],
    actor: { user: 'ada' },
  })
  expect(users).toEqual(['grace'])
  expect([...excluded].sort()).toEqual(['ada', 'linus'])
})

test('only users that come with attributes are to be remembered', () => {
  const { introduced } = recipientsOf({ to: [{ user: 'ada', locale: 'pt-BR' }, { user: 'grace' }, 'linus'] })
  expect(introduced).toEqual([{ id: 'ada', profile: { locale: 'pt-BR' } }])
})
