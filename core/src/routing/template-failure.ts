import type { Step } from '../delivery/step.ts'
import type { TemplateFault } from '../template/type-templates.ts'
import type { Decision, StepFailure } from './decision.ts'

/** Returns which template failed, and why. */
export const faultText = ({ pointer, line, message }: TemplateFault): string =>
  `${pointer}, line ${line}: ${message}`

/** Returns the decision that a due step is not sent because a template fails or lacks a value. */
export const stepFailure = ({ plan, index }: Step, fault: TemplateFault, at: number): StepFailure => ({
  ...{ at, stage: 'send', channel: plan[index]!.channel, step: index, outcome: 'failed', by: 'type' },
  ...{ reason: 'template_error', detail: `template_error: ${faultText(fault)}` },
})

/** Returns the decision that an item is stored although a text is partly or wholly empty. */
export const emptyText = (
  { pointer, line, message }: TemplateFault,
  variant: string | undefined,
  at: number,
): Decision => ({
  ...{ at, stage: 'inbox', channel: 'inbox', outcome: 'pass', by: 'type' },
  path: pointer.slice(1).replaceAll('/', '.'),
  reason: 'template_error',
  detail: `line ${line}: ${message}`,
  ...(variant === undefined ? {} : { variant }),
})
