import { sanitizeForeignText } from '../../config/index.js'
import { isObject } from '../../config/json.js'
import { nearestName } from '../../config/spelling.js'
import { valueOf } from '../../config/variables.js'
import type { OpenClawConfig } from './openclaw-config.js'
import { settingError, type Path } from './setting-error.js'

const CHANNEL = ['channels', 'discord'] as const
export const DEFAULT_ACCOUNT = 'default'
const MAX_ID_LENGTH = 64

/** One Discord account of the configuration. */
export interface Account {
  readonly id: string
  /** The ids of all accounts, sorted. */
  readonly all: readonly string[]
  /** Its own settings; undefined where it has the channel's alone. */
  readonly path: Path | undefined
}

/**
 * Picks an account as OpenClaw does: the key as it is written, or else whatever the case. Without an id it is
 * `channels.discord.defaultAccount`, `default`, or the first.
 *
 * @throws TransportError ERR_INVALID_OPTIONS for an account that is not there. OpenClaw takes the channel's settings
 *   for it, so that a misspelling changes the proxy
 */
export function pickAccount(config: OpenClawConfig, asked: string | undefined): Account {
  const keys = accountKeys(config)
  const all = listed(config, keys)
  const configured = config.text([...CHANNEL, 'defaultAccount'])
  const preferred = configured === undefined ? undefined : normalised(configured)
  const standard = [preferred, DEFAULT_ACCOUNT].find((id) => id !== undefined && all.includes(id)) ?? all[0]
  const id = asked === undefined ? (standard ?? DEFAULT_ACCOUNT) : normalised(asked)
  if (!all.includes(id)) throw unknownAccount(asked ?? id, all)
  const wanted = asked?.trim() ?? id
  const key = keys.find((one) => one === wanted) ?? keys.find((one) => normalised(one) === id)
  return { id, all, path: key === undefined ? undefined : [...CHANNEL, 'accounts', key] }
}

/** The places of a setting, the account's own before the channel's. */
export function placesOf({ path }: Account, ...keys: Path): readonly Path[] {
  return [...(path === undefined ? [] : [[...path, ...keys]]), [...CHANNEL, ...keys]]
}

/** The first place where the setting is there, if only as a blank string; the channel's where it is nowhere. */
export function placeOf(config: OpenClawConfig, account: Account, ...keys: Path): Path {
  const places = placesOf(account, ...keys)
  return places.find((place) => config.value(place) !== undefined) ?? [...CHANNEL, ...keys]
}

function accountKeys(config: OpenClawConfig): readonly string[] {
  const accounts = config.value([...CHANNEL, 'accounts'])
  if (accounts === undefined) return []
  if (isObject(accounts)) return Object.keys(accounts).filter((key) => isObject(accounts[key]))
  throw settingError('channels.discord.accounts', 'openclaw.no-object', 'openclaw.accounts.hint')
}

function listed(config: OpenClawConfig, keys: readonly string[]): readonly string[] {
  const ids = new Set(keys.map(normalised))
  const hasToken =
    config.isSet([...CHANNEL, 'token']) || valueOf(config.env, 'DISCORD_BOT_TOKEN') !== undefined
  if (hasToken || ids.size === 0) ids.add(DEFAULT_ACCOUNT)
  return [...ids].sort()
}

function normalised(id: string): string {
  const text = id
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX_ID_LENGTH)
  return text === '' ? DEFAULT_ACCOUNT : text
}

function unknownAccount(asked: string, all: readonly string[]): Error {
  const nearest = nearestName(asked, all)
  const values = { id: sanitizeForeignText(asked, MAX_ID_LENGTH), known: all.join(', ') }
  return nearest === undefined
    ? settingError('account', 'openclaw.account', 'openclaw.account.hint', values)
    : settingError('account', 'openclaw.account', 'openclaw.account.hint-nearest', { ...values, nearest })
}
