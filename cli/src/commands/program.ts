import { readFileSync } from 'node:fs'
import { Option } from '@commander-js/extra-typings'
import { addHelp, commandLine, wholeNumber } from './command-line.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const port = (description: string) =>
  new Option('--port <port>', description).argParser(wholeNumber(1, 65_535))

const data = () =>
  new Option(
    '--data <dir>',
    'The data directory of carillon dev (default CARILLON_DATA_DIR or ./.carillon); unused with servers',
  )

const hub = () => new Option('--url <url>', 'The hub (default CARILLON_HUB_URL or http://localhost:4000)')

const key = () =>
  new Option('--key <key>', 'The API key (default CARILLON_API_KEY, or that of the carillon dev data)')

const environment = () =>
  new Option('--env <name>', 'The environment whose variables are written: those of env/<name>.yaml')

/**
 * Reports a missing option. Commander's own check runs before the check for unknown options, so it would
 * report misspelled ones as missing.
 */
const missing = (command: { error(message: string): never }, option: string): never =>
  command.error(`error: option '${option}' is missing`)

/**
 * All commands with their options. A command's code is loaded when it runs, so that short commands start
 * fast.
 */
export const program = commandLine('carillon')
  .description('Self-hosted, real-time notifications')
  // Otherwise --version of a command would be that of the program.
  .enablePositionalOptions()
  .version(version, '-v, --version')

program
  .command('dev')
  .description('Run everything in one process')
  .addOption(port('Port to listen on (default CARILLON_PORT or 4000)'))
  .addOption(data())
  .addOption(new Option('--memory', 'Keep all data in memory').conflicts('data'))
  .option('--no-demo', 'Do not serve the demo page')
  .action(async (options) => (await import('./dev.ts')).dev(options))

program
  .command('hub')
  .description('Run a hub: the HTTP API and live connections')
  .addOption(port('Port to listen on (default CARILLON_PORT or 4000)'))
  .action(async (options) => (await import('./hub.ts')).hub(options))

program
  .command('dispatcher')
  .description('Run a dispatcher: plans, stores, delivers')
  .addOption(port('Port for health checks and metrics (default CARILLON_PORT or 4001)'))
  .action(async (options) => (await import('./dispatcher.ts')).dispatcher(options))

program
  .command('migrate')
  .description('Migrate the database schema; safe at any time, also concurrently')
  .addOption(data())
  .action(async (options) => (await import('./migrate.ts')).migrate(options))

program
  .command('check')
  .description('Check the settings, all servers and all provider accounts; exits with 1 if a check fails')
  .addOption(data())
  .action(async (options) => (await import('./check.ts')).check(options))

program
  .command('tenant')
  .description('List tenants, add one, or change its secret or limits')
  .addOption(
    new Option('--add <tenant>', 'Create a tenant and print its secret, which signs user tokens').conflicts([
      'rotate',
      'revoke',
      'limit',
    ]),
  )
  .addOption(
    new Option('--rotate <tenant>', 'Add a new secret; the previous one stays valid').conflicts([
      'revoke',
      'limit',
    ]),
  )
  .addOption(
    new Option('--revoke <tenant>', 'Replace the secret; all older ones become invalid at once').conflicts(
      'limit',
    ),
  )
  .option('--limit <tenant>', 'Show the request limits of a tenant, or set them with --requests')
  .option(
    '--requests <list>',
    'Requests per second and burst of each key, the tenant and each user, such as key=100:200,user=off; default resets them',
  )
  .addOption(data())
  .action(async (options, command) => {
    if (options.requests !== undefined && options.limit === undefined) return missing(command, '--limit')
    await (await import('./tenant.ts')).tenant(options)
  })

program
  .command('token')
  .description("Print a user's token or a new API key; list or revoke API keys")
  .option('--tenant <tenant>', 'The tenant (required)')
  .addOption(new Option('--user <id>', 'Print a token for this end user').conflicts(['sender', 'revoke']))
  .addOption(
    new Option(
      '--context <key>',
      'Limit the user token to this context, "" for items without one; up to 16 times (default all)',
    )
      .argParser((key: string, others: string[] = []) => [...others, key])
      .conflicts(['sender', 'revoke']),
  )
  .addOption(
    new Option('--ttl <seconds>', 'Lifetime of the user token (default 3600)').argParser(wholeNumber(1)),
  )
  .addOption(new Option('--sender <name>', 'Print a new API key under this name').conflicts('revoke'))
  .option('--scopes <list>', 'Scopes of the API key, separated by commas (default all)')
  .option('--revoke <id>', 'Revoke the API key with this id')
  .addOption(data())
  .action(async ({ tenant, ...options }, command) => {
    if (tenant === undefined) return missing(command, '--tenant')
    await (await import('./token.ts')).token({ tenant, ...options })
  })

program
  .command('send')
  .description('Send one notification through a hub')
  .option('--to <recipient>', 'A user id, topic:<key>, or everyone (required)')
  .option('--title <text>', 'The title (required without --type)')
  .option('--body <text>', 'The text')
  .option('--link <url>', 'The link: a URL or a path')
  .option('--type <key>', 'The notification type', 'message')
  .option('--priority <priority>', 'critical, high, normal or low')
  .option('--dry-run', 'Print what would happen, and send nothing')
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async ({ to, title, ...options }, command) => {
    if (to === undefined) return missing(command, '--to')
    const isTyped = command.getOptionValueSource('type') !== 'default'
    if (title === undefined && !isTyped) return missing(command, '--title')
    await (await import('./send.ts')).send({ to, title, ...options })
  })

program
  .command('explain')
  .description('Explain what a user got of a notification, and why')
  .argument('<id>', 'The id of the notification')
  .option('--user <id>', 'The user (required)')
  .option('--json', 'Print the answer of the hub')
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async (id, { user, ...options }, command) => {
    if (user === undefined) return missing(command, '--user')
    await (await import('./explain.ts')).explain({ id, user, ...options })
  })

program
  .command('apply')
  .description('Write the types, layouts and more in a directory to a hub, after checking all of it')
  .argument('<dir>', 'The directory, see docs/files.md')
  .option('--prune', 'Delete what is on the hub and not in the directory')
  .option('--yes', 'Delete without asking')
  .addOption(environment())
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async (dir, options) => (await import('./apply.ts')).apply(dir, options))

program
  .command('diff')
  .description('Show what apply would change; exits with 1 if anything, with 2 if the directory has errors')
  .argument('<dir>', 'The directory, see docs/files.md')
  .option('--prune', 'Also show what --prune would delete')
  .addOption(environment())
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async (dir, options) => (await import('./diff.ts')).diff(dir, options))

program
  .command('types')
  .description('Write a TypeScript module: the data of every notification type, and a typed sender')
  .argument('[dir]', 'The directory with the types; those of the hub if left out')
  .option('--out <file>', 'The file to write (default standard output)')
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async (dir, options) => (await import('./types.ts')).types(dir, options))

program
  .command('preview')
  .description('Print a notification type as people get it, on every channel')
  .argument('<type>', 'The key of the type')
  .option('--sample <file>', 'The data, a JSON or YAML file (default the sample of the type)')
  .option('--locale <locale>', 'The locale, or * for all locales of the type')
  .option('--user <id>', 'The user for whom it is rendered')
  .addOption(
    new Option('--version <version>', 'A version (default the one in force)')
      .argParser(wholeNumber(1))
      .conflicts(['draft', 'dir']),
  )
  .addOption(new Option('--draft', 'The draft').conflicts('dir'))
  .option('--dir <dir>', 'Take the type from this directory, see docs/files.md')
  .option('--html <file>', 'Write the HTML of the e-mail to this file')
  .addOption(hub())
  .addOption(key())
  .addOption(data())
  .action(async (type, options) => (await import('./preview.ts')).preview(type, options))

addHelp(program)
