import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { App } from './app.js'

// Renders the app, as a server does.
process.stdout.write(renderToString(createElement(App, { url: process.argv[2], token: () => '' })))
