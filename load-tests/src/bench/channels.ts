import type { Device } from '@carillon/schemas'
import { type Bench, type Context, cleaningUp, processorTime, rates } from './bench.ts'
import { type Calls, startChild } from './child.ts'
import { inEachMode } from './installations.ts'
import { interleaved, type Measurement, measurement } from './measure.ts'
import { emailOf, FROM, subscriptionOf, WEBHOOK_SECRET } from './messages.ts'
import { cpuSince, cpuTimes } from './load.ts'
import { type Place, type Sent, sentAtOnce, sentWhenDue, setupFor, withPeople } from './outreach.ts'
import { type Sink, startSink } from './sink.ts'
import type { SinkKind } from './sink-child.ts'
import type { AccountInput, Prepare } from './tenant.ts'

/** One way to reach people, how Carillon is told of it, and the bare library to compare with. */
type Way = {
  name: string
  channel: 'email' | 'push' | 'webhook'
  sink: SinkKind
  account(port: number): AccountInput
  prepare(port: number): Prepare
  bare: string
  aim: string
}
