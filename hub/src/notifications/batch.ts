import { checked, invalidRequest } from '@carillon/core/json/checked'
import { readDocument } from '@carillon/core/json/json'
import { BATCH_MAX, Batch, type Issue } from '@carillon/schemas'
import { z } from 'zod'

/**
 * Returns a reader for each entry of the list at the path `at`. A reader throws the faults of its entry.
 * Throws the faults elsewhere in the document.
 */
const entriesOf = (
  bytes: Uint8Array,
  at: readonly PropertyKey[],
  listOf: (value: unknown) => readonly unknown[],
): (() => unknown)[] => {
  const { value, faults } = readDocument(bytes, { within: at.length + 1 })
  const ofBatch: Issue[] = []
  const ofEntries = new Map<PropertyKey, Issue[]>()
  for (const fault of faults) {
    const index = fault.path[at.length]
    const path = fault.path.slice(at.length + 1)
    if (index === undefined || at.some((key, depth) => fault.path[depth] !== key)) ofBatch.push(fault)
    else ofEntries.set(index, [...(ofEntries.get(index) ?? []), { ...fault, path }])
  }
  if (ofBatch.length > 0) throw invalidRequest(ofBatch, 'batch')
  return listOf(value).map((entry, index) => () => {
    const own = ofEntries.get(index)
    if (own) throw invalidRequest(own, 'notification')
    return entry
  })
}

const Events = z.array(z.unknown()).max(BATCH_MAX)

/** Returns readers of the entries of `{ notifications: [...] }`. */
export const readBatch = (bytes: Uint8Array): (() => unknown)[] =>
  entriesOf(bytes, ['notifications'], (value) => checked(Batch, value, 'batch').notifications)

/** Returns readers of the entries of a batch of CloudEvents, which is a list. */
export const readEvents = (bytes: Uint8Array): (() => unknown)[] =>
  entriesOf(bytes, [], (value) => checked(Events, value, 'batch'))
