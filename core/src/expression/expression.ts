import { EXPRESSION_MAX } from '@carillon/schemas'
import {
  type ASTNode,
  TypeError as CelTypeError,
  Environment,
  EvaluationError,
  ParseError,
} from '@marcbachmann/cel-js'
import { celTypeOf, type DataSchema } from './cel-type.ts'
import { type ExpressionFailure, failureText, notBoolean } from './expression-failure.ts'

/** The variables of an expression. All of them are maps of JSON values. */
const VARIABLES = ['data', 'user', 'tenant', 'context'] as const
type Variable = (typeof VARIABLES)[number]
export type Variables = Readonly<Record<Variable, unknown>>

/** The longest list that a macro such as `exists` may walk. */
const LIST_MAX = 1_000

const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 50,
  maxListElements: 100,
  maxMapEntries: 100,
  maxCallArguments: 8,
}

/** Macros run their argument once for each element. */
const MACROS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/**
 * `matches` backtracks: a hostile pattern runs for seconds. `split` and `bind` can produce lists and texts that grow with
 * each use.
 */
const REFUSED = new Set(['matches', 'split', 'bind'])

/** An expression that cannot be used. `position` is the index of the character at fault. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly position: number
  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

/**
 * Evaluates to true or false. It fails, for example, if a key is missing or its value is not a boolean. Whoever asks treats
 * that as false, under `!` too. `uses` has the variables that it names.
 */
export type Expression = ((variables: Variables) => boolean | ExpressionFailure) & {
  uses: ReadonlySet<Variable>
}

const remainder = (a: number, b: number) => a % b
const ARITHMETIC: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': remainder,
}

/** JSON's numbers are doubles and CEL's literals ints, so the operators have to take one of each. */
const mixNumbers = (environment: Environment) => {
  for (const [operator, apply] of Object.entries(ARITHMETIC)) {
    environment.registerOperator(`double ${operator} int`, (a: number, b: bigint) => apply(a, Number(b)))
    environment.registerOperator(`int ${operator} double`, (a: bigint, b: number) => apply(Number(a), b))
  }
  environment.registerOperator('double % double', remainder)
  environment.registerOperator('double == int', (a: number, b: bigint) => a === Number(b))
  return environment
}

/** Shared by all expressions whose data has no schema. */
const untyped = (() => {
  const environment = mixNumbers(new Environment({ limits: LIMITS }))
  for (const name of VARIABLES) environment.registerVariable(name, 'map')
  return environment
})()

const typedBy = (schema: DataSchema): Environment => {
  const environment = mixNumbers(new Environment({ limits: LIMITS }))
  for (const name of VARIABLES) if (name !== 'data') environment.registerVariable(name, 'map')
  const type = celTypeOf(schema)
  if (typeof type === 'string') environment.registerVariable('data', 'map')
  else environment.registerVariable({ name: 'data', schema: type })
  return environment
}

const children = ({ args }: ASTNode): ASTNode[] =>
  (Array.isArray(args) ? args.flat(2) : []).filter(
    (part): part is ASTNode => typeof part === 'object' && part !== null && 'op' in part,
  )

/** Refuses functions without a bound, and a macro inside a macro. Returns whether there is a macro. */
const checkCalls = (node: ASTNode, insideMacro: boolean): boolean => {
  const name = node.op === 'rcall' || node.op === 'call' ? node.args[0] : undefined
  if (name !== undefined && REFUSED.has(name))
    throw new ExpressionError(`${name} is not available`, node.range.start)
  const isMacro = name !== undefined && MACROS.has(name)
  if (isMacro && insideMacro) throw new ExpressionError(`${name} is inside another macro`, node.range.start)
  // The receiver of a call is evaluated once; only its arguments run for each element.
  const [receiver, ...rest] =
    node.op === 'rcall' ? [node.args[1], ...node.args[2]] : [undefined, ...children(node)]
  let found = isMacro
  if (receiver) found = checkCalls(receiver, insideMacro) || found
  for (const child of rest) if (child) found = checkCalls(child, insideMacro || isMacro) || found
  return found
}

const namesIn = (part: unknown): unknown[] => {
  if (Array.isArray(part)) return part.flatMap(namesIn)
  if (typeof part !== 'object' || part === null || !('op' in part && 'args' in part)) return []
  return part.op === 'id' ? [part.args] : namesIn(part.args)
}

const hasLongList = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const parts = Array.isArray(value) ? value : Object.values(value)
  return (Array.isArray(value) && parts.length > LIST_MAX) || parts.some(hasLongList)
}

const check = (environment: Environment, text: string) => {
  const { valid, type, error } = environment.check(text)
  if (!valid) {
    const message = error?.summary ?? 'is not a CEL expression'
    throw new ExpressionError(message, error?.range?.start ?? 0)
  }
  if (type !== 'bool' && type !== 'dyn')
    throw new ExpressionError(`is a ${type}, and must be true or false`, 0)
}

/**
 * Prepares an expression in the Common Expression Language (https://cel.dev) over JSON values. Throws `ExpressionError` if
 * it does not parse, uses an unknown name, is not a boolean, or could run for long. With `schema`, the JSON Schema of
 * `data`, names and types in `data` are checked too.
 */
export const prepareExpression = (text: string, schema?: DataSchema): Expression => {
  if (text.length > EXPRESSION_MAX)
    throw new ExpressionError(`must have at most ${EXPRESSION_MAX} characters`, EXPRESSION_MAX)
  check(untyped, text)
  const program = untyped.parse(text)
  const hasMacro = checkCalls(program.ast, false)
  if (schema) check(typedBy(schema), text)
  const names = new Set(namesIn(program.ast))
  const evaluate = (variables: Variables) => {
    if (hasMacro && VARIABLES.some((name) => hasLongList(variables[name])))
      return { failure: `a list has more than ${LIST_MAX} entries` }
    try {
      const value: unknown = program(variables)
      return typeof value === 'boolean' ? value : { failure: notBoolean(value) }
    } catch (error) {
      if (error instanceof EvaluationError || error instanceof CelTypeError || error instanceof ParseError)
        return { failure: failureText(error, text) }
      throw error
    }
  }
  return Object.assign(evaluate, { uses: new Set(VARIABLES.filter((name) => names.has(name))) })
}
