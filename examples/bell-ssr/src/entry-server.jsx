import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { App } from './App.jsx'

/** Renders the page without items: a server requests nothing from the hub. */
export const render = () =>
  renderToString(
    <StrictMode>
      <App />
    </StrictMode>,
  )
