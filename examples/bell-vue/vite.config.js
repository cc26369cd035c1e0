import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { tokenRoute } from './backend.js'

const port = Number(process.env.PORT ?? 3000)
const isCustomElement = (tag) => tag === 'notification-bell'
export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } }), tokenRoute],
  server: { port, strictPort: true },
  preview: { port, strictPort: true },
})
