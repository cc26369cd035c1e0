import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { tokenRoute } from './backend.js'

const port = Number(process.env.PORT ?? 3000)
export default defineConfig({
  plugins: [svelte(), tokenRoute],
  server: { port, strictPort: true },
  preview: { port, strictPort: true },
})
