import '@carillon/client/bell/define'
import { createApp } from 'vue'
import App from './App.vue'

createApp(App).mount('#root')
