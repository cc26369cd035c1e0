import { execFileSync } from 'node:child_process'

/** Global setup of the end-to-end tests: builds what their processes run, unless it is up to date. */
export default (): void => void execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
