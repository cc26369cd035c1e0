import type {} from '@carillon/core/testing/provided'
import { inject } from 'vitest'
import { needing } from '../rig/needs.ts'
import { clusterEnvironment } from './cluster.ts'
import { killHubs } from './scenarios/killed.ts'
import { killOperation, OPERATION_KILLED } from './scenarios/killed-operation.ts'
import { killRun, RUN_KILLED } from './scenarios/killed-run.ts'
import { deliveryScenarios } from './scenarios.ts'

const { title, skip } = needing('delivery by a cluster', 'nats', 'redis')
const cassandra = inject('cassandra')

deliveryScenarios(cassandra ? title : `${title} (skipped: no Cassandra)`, {
  skip: skip || !cassandra,
  open: () => clusterEnvironment(cassandra ?? ''),
  last: [
    { title: RUN_KILLED, run: killRun },
    { title: OPERATION_KILLED, run: killOperation },
    { title: 'if all hubs are killed during delivery, the fallback is sent without them', run: killHubs },
  ],
})
