import { createElement } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { App } from './app.js'

const token = async () => (await (await fetch('/my-token')).json()).token
hydrateRoot(document.getElementById('root'), createElement(App, { url: document.body.dataset.hub, token }))
