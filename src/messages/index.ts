export {
  render,
  say,
  speak,
  text,
  type Audience,
  type Language,
  type MessageKey,
  type PlainKey,
  type Text,
  type ValueNames,
} from './text.js'
export { wantsChinese } from './wanted.js'
