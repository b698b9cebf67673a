import { register } from './main.js'

register()
