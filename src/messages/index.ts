export {
  render,
  say,
  text,
  type Audience,
  type MessageKey,
  type Template,
  type Text,
  type ValueNames,
} from './text.js'
