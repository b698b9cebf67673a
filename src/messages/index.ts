export {
  render,
  say,
  speak,
  text,
  type Audience,
  type MessageKey,
  type Template,
  type Text,
  type Translation,
  type ValueNames,
} from './text.js'
