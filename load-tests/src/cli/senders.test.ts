import { readFileSync } from 'node:fs'
import { senderModule } from '@carillon/cli/senders/senders'
import ts from 'typescript'
import { expect, it } from 'vitest'

const MODULE = senderModule(
  new Map<string, { name?: string; schema?: object }>([
    [
      'order.shipped',
      {
        name: 'Order */ shipped',
        schema: {
          type: 'object',
          required: ['number', 'parcels'],
          properties: {
            number: { type: 'string' },
            parcels: { type: 'array', items: { $ref: '#/$defs/parcel' } },
            carrier: { enum: ['dhl', 'ups'] },
          },
          $defs: { parcel: { type: 'object', required: ['kg'], properties: { kg: { type: 'number' } } } },
        },
      },
    ],
    ['all.optional', { schema: { type: 'object', properties: { name: { type: 'string' } } } }],
    ['untyped', {}],
    ['__proto__', { schema: { properties: { '*/ evil': { const: '"\n' } } } }],
  ]),
)

const OPTIONS: ts.CompilerOptions = {
  ...{ strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: true, types: [] },
  ...{ target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'] },
  ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
}

/** Compiles calls of the sender. Returns the lines that do not compile. */
const faultyLines = (calls: readonly string[]): number[] => {
  const head = `import { createSender } from './senders'
const { send } = createSender({ url: 'http://localhost:4000', key: 'key' })`
  const files: Record<string, string> = { '/senders.ts': MODULE, '/calls.ts': [head, ...calls].join('\n') }
  const host = ts.createCompilerHost(OPTIONS)
  const read = (name: string) => files[name] ?? readFileSync(name, 'utf8')
  host.fileExists = (name) => name in files || ts.sys.fileExists(name)
  host.readFile = read
  host.getSourceFile = (name, version) => ts.createSourceFile(name, read(name), version)
  const program = ts.createProgram(['/calls.ts'], OPTIONS, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, start }) =>
      file?.fileName === '/calls.ts' ? file.getLineAndCharacterOfPosition(start ?? 0).line - 1 : -1,
    )
}

const GOOD = [
  `send('order.shipped', { to: 'ada', data: { number: 'A-7', parcels: [{ kg: 1.5 }], carrier: 'ups' } })`,
  `send('order.shipped', { to: [{ topic: 'team' }, { user: 'ada' }], priority: 'high', data: { number: '', parcels: [] } })`,
  `send('all.optional', { to: { everyone: true } })`,
  `send('all.optional', { to: 'ada', data: { name: 'Ada' } })`,
  `send('untyped', { to: 'ada', data: { anything: [1] } })`,
  `const id: Promise<string> = send('untyped', { to: 'ada' }).then((accepted) => accepted.id)`,
]
const BAD = [
  `send('order.shiped', { to: 'ada', data: { number: 'A-7', parcels: [] } })`,
  `send('order.shipped', { to: 'ada' })`,
  `send('order.shipped', { data: { number: 'A-7', parcels: [] } })`,
  `send('order.shipped', { to: 'ada', data: { number: 7, parcels: [] } })`,
  `send('order.shipped', { to: 'ada', data: { number: 'A-7' } })`,
  `send('order.shipped', { to: 'ada', data: { number: 'A-7', parcels: [{ kg: '1' }] } })`,
  `send('order.shipped', { to: 'ada', data: { number: 'A-7', parcels: [], carrier: 'gls' } })`,
  `send('order.shipped', { to: 'ada', data: { number: 'A-7', parcels: [], numer: 'A-7' } })`,
  `send('order.shipped', { to: { group: 'x' }, data: { number: 'A-7', parcels: [] } })`,
  `send('order.shipped', { to: 'ada', priority: 'hihg', data: { number: 'A-7', parcels: [] } })`,
]

it('compiles with correct data and does not compile with wrong data', () => {
  const faulty = [...new Set(faultyLines([...GOOD, ...BAD]))]
  expect(faulty).toEqual(BAD.map((_, index) => GOOD.length + index + 1))
})
