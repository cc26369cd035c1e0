import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { tokenRoute } from './backend.js'

const port = Number(process.env.PORT ?? 3000)
export default defineConfig({
  plugins: [react(), tokenRoute],
  server: { port, strictPort: true },
  preview: { port, strictPort: true },
})
