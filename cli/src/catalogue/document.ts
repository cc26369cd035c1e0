import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { Position } from './problem.ts'

/** The value of a file, and the places of its parts. */
export type Source = {
  value: unknown
  /** Returns the place of a value. `within`: the place within it, if it is a text. */
  locate(path: readonly string[], within?: Position): Position
}

export type Fault = { message: string } & Partial<Position>

type Found = { node: Node | null; at: Node }

/** A key in YAML may be a number or a boolean. */
const isNamed = (key: unknown, name: string): key is Node => isScalar(key) && String(key.value ?? '') === name

/**
 * Parses YAML 1.2, which includes JSON. Keys are unique, dates and `no` stay text, and the expansion of aliases is bounded.
 * Returns all faults, with their places.
 */
export const parseDocumentFile = (text: string): Source | { faults: Fault[] } => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ message, pos: [start] }) => ({
    message,
    ...placeOf(start),
  }))
  visit(document, {
    Scalar: (_, { value, range }) => {
      if (typeof value !== 'number' || (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER))
        return
      faults.push({ message: 'is a number that JSON cannot hold: quote it', ...placeOf(range?.[0] ?? 0) })
    },
  })
  if (faults.length > 0) return { faults }

  const resolved = (node: unknown): Node | null => {
    const target = isAlias(node) ? node.resolve(document) : node
    return (target ?? null) as Node | null
  }
  /** Returns the deepest node of a path that exists. */
  const find = (path: readonly string[]): Found => {
    let node = resolved(document.contents)
    let at = node as Node
    for (const name of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isNamed(key, name))
        if (!pair) break
        at = pair.key as Node
        node = resolved(pair.value)
      } else if (isSeq(node)) {
        const item = node.items[Number(name)] as Node | undefined
        if (!item) break
        at = item
        node = resolved(item)
      } else break
    }
    return { node, at }
  }
  try {
    return {
      value: document.toJS(),
      locate: (path, within) => {
        const { node, at } = find(path)
        if (within === undefined || !isScalar(node)) return placeOf(at?.range?.[0] ?? 0)
        const start = placeOf(node.range?.[0] ?? 0)
        // The text of a block begins on the line after its `|`, and is indented.
        if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') {
          const line = start.line + within.line
          const indent = /^ */.exec(text.split('\n')[start.line] ?? '')?.[0].length ?? 0
          return { line, column: indent + within.column }
        }
        if (within.line > 1) return start
        const quote = node.type === 'PLAIN' ? 0 : 1
        return { line: start.line, column: start.column + quote + within.column - 1 }
      },
    }
  } catch (error) {
    return { faults: [{ message: error instanceof Error ? error.message : String(error) }] }
  }
}

/** Returns the text of a file, without one line break at its end. */
export const textSource = (text: string): Source => ({
  value: text.replace(/\r?\n$/, ''),
  locate: (_, within = { line: 1, column: 1 }) => within,
})
