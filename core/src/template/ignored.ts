import { defaultOperators, type Token, Tokenizer, TypeGuards } from 'liquidjs'

/** Tags whose arguments are one expression, with filters or without. */
const WITH_EXPRESSION = new Set(['if', 'elsif', 'unless', 'case', 'echo'])
/** Tags whose arguments are free text. */
const WITH_TEXT = new Set(['comment', 'raw', '#'])

/** Returns the first operand or operator that Liquid's parser would drop from an expression. */
const droppedFrom = (expression: string): string | undefined => {
  let wantsOperand = true
  for (const token of new Tokenizer(expression, defaultOperators).readExpressionTokens()) {
    if (!TypeGuards.isOperatorToken(token)) {
      if (!wantsOperand) return token.getText()
      wantsOperand = false
    } else if (token.operator !== 'not') {
      if (wantsOperand) return token.getText()
      wantsOperand = true
    } else if (!wantsOperand) return token.getText()
  }
  return wantsOperand ? 'the end' : undefined
}

const expressionOf = (token: Token): string | undefined => {
  if (TypeGuards.isOutputToken(token)) return token.getText().replace(/^\{\{-?|-?\}\}$/g, '')
  if (!TypeGuards.isTagToken(token)) return undefined
  if (WITH_EXPRESSION.has(token.name)) return token.args
  return token.name === 'assign' ? token.args.slice(token.args.indexOf('=') + 1) : undefined
}

/** Returns the fault of a tag or output of which Liquid would ignore a part; undefined if it ignores nothing. */
export const ignoredPart = (token: Token): string | undefined => {
  const expression = expressionOf(token)
  const dropped = expression === undefined ? undefined : droppedFrom(expression)
  if (dropped !== undefined) return `unexpected ${dropped} in ${token.getText()}`
  if (!TypeGuards.isTagToken(token) || WITH_TEXT.has(token.name)) return undefined
  token.tokenizer.skipBlank()
  return token.tokenizer.end()
    ? undefined
    : `unexpected ${token.tokenizer.remaining().trim()} in ${token.getText()}`
}
