import { embeddedEnvironment } from './embedded.ts'
import { killProcess } from './scenarios/killed.ts'
import { killOperation, OPERATION_KILLED } from './scenarios/killed-operation.ts'
import { killRun, RUN_KILLED } from './scenarios/killed-run.ts'
import { deliveryScenarios } from './scenarios.ts'

deliveryScenarios('delivery by carillon dev', {
  skip: false,
  open: embeddedEnvironment,
  last: [
    { title: RUN_KILLED, run: killRun },
    { title: OPERATION_KILLED, run: killOperation },
    { title: 'if the process is killed during delivery, the fallback is sent', run: killProcess },
  ],
})
