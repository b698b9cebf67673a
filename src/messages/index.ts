export { render, say, text, type Audience, type MessageKey, type Template, type Text } from './text.js'
