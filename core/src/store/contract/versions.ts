import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import type { LibraryChange } from '../ports/library.ts'
import { freshTenant } from './samples.ts'

/** Few, because each write takes a round of consensus in a distributed database. */
const RUNS = { numRuns: 8 }
const name = fc.constantFrom('a', 'b', 'c')
const writersOf = <Write>(write: fc.Arbitrary<Write>) =>
  fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 })

const layoutChange = fc.record({ key: name, html: fc.option(name, { nil: undefined }) }).map(
  ({ key, html }): LibraryChange => ({
    ...{ kind: 'layout', key },
    ...(html === undefined ? {} : { value: { html } }),
  }),
)
const envChange = name.map((value): LibraryChange => ({ kind: 'env', key: '', value: { V: value } }))

/** Runs generated writers concurrently, and checks that the versions are a serial order of their writes. */
export const versionsContract = (store: () => Store): void => {
  describe('versions under concurrent writers', () => {
    test('of a type: none is lost, duplicated or changed, and no two consecutive versions are equal', async () => {
      const write = fc.oneof(fc.record({ put: name }), fc.constant({ remove: true }))
      await fc.assert(
        fc.asyncProperty(writersOf(write), async (writers) => {
          const { types } = store()
          const tenant = freshTenant()
          const answered = new Map<number, string | undefined>()
          await Promise.all(
            writers.map(async (writes) => {
              for (const each of writes)
                if ('put' in each) {
                  const put = await types.put(tenant, { key: 't', name: each.put })
                  expect(put.name).toBe(each.put)
                  expect(answered.get(put.version) ?? each.put).toBe(each.put)
                  answered.set(put.version, each.put)
                } else await types.remove(tenant, 't', {})
            }),
          )
          const listed = (await types.versions(tenant, 't', { limit: 100 })).toReversed()
          expect(listed.map(({ version }) => version)).toEqual(listed.map((_, index) => index + 1))
          const names: (string | undefined)[] = []
          for (const { version, deleted } of listed) {
            const kept = await types.get(tenant, 't', version)
            expect(kept?.name).toBe(deleted ? undefined : answered.get(version))
            names.push(kept?.name)
          }
          for (const [index, each] of names.entries()) if (index > 0) expect(each).not.toBe(names[index - 1])
          expect((await types.get(tenant, 't'))?.name).toBe(names.at(-1))
        }),
        RUNS,
      )
    })

    test('of a library: each revision is the previous one with the change of one writer', async () => {
      await fc.assert(
        fc.asyncProperty(writersOf(fc.oneof(layoutChange, envChange)), async (writers) => {
          const { library } = store()
          const tenant = freshTenant()
          const made = new Map<number, LibraryChange>()
          const write = async (change: LibraryChange): Promise<void> => {
            const base = await library.newest(tenant)
            const revision = await library.put(tenant, base, change)
            if (revision === undefined) return write(change)
            if (revision === base) return
            expect(made.has(revision)).toBe(false)
            made.set(revision, change)
          }
          await Promise.all(
            writers.map(async (changes) => {
              for (const change of changes) await write(change)
            }),
          )
          const newest = await library.newest(tenant)
          expect([...made.keys()].toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: newest }, (_, index) => index + 1),
          )
          const layouts = new Map<string, object>()
          let env = {}
          for (let revision = 1; revision <= newest; revision++) {
            const { kind, key, value } = made.get(revision) as LibraryChange
            if (kind === 'env') env = value
            else if (value === undefined) layouts.delete(key)
            else layouts.set(key, { key, version: revision, ...value })
            const at = await library.at(tenant, revision)
            expect([at?.env, Object.fromEntries(at?.layouts ?? [])]).toEqual([
              env,
              Object.fromEntries(layouts),
            ])
          }
        }),
        RUNS,
      )
    })
  })
}
