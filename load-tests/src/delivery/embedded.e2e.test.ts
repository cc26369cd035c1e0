import { embeddedEnvironment } from './embedded.ts'
import { killProcess } from './scenarios/killed.ts'
import { deliveryScenarios } from './scenarios.ts'

deliveryScenarios('delivery by carillon dev', {
  skip: false,
  open: embeddedEnvironment,
  last: { title: 'if the process is killed during delivery, the fallback is sent', run: killProcess },
})
