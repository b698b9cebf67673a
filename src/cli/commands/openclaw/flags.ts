/** The flags of every command of `openclaw`. */
export interface GatewayFlags {
  readonly url?: string
  readonly host?: string
  readonly port?: number
  readonly tokenEnv?: string
  readonly tokenFile?: string
  readonly passwordEnv?: string
  readonly device?: string
  readonly scope?: readonly string[]
  readonly tlsFingerprint?: string
  readonly loopback?: 'gateway-only' | 'proxy' | 'block'
  readonly timeoutMs?: number
  readonly json?: boolean
  readonly mock?: boolean
  readonly real?: boolean
}

export interface WatchFlags extends GatewayFlags {
  readonly session?: readonly string[]
}

export interface CallFlags extends GatewayFlags {
  readonly expectFinal?: boolean
}

export interface ListFlags extends GatewayFlags {
  readonly active?: boolean
  readonly kind?: string
}

export interface HistoryFlags extends GatewayFlags {
  readonly limit?: number
}

export interface SendFlags extends GatewayFlags {
  /** `--no-wait` */
  readonly wait: boolean
}

export interface SpawnFlags extends SendFlags {
  readonly task: string
  readonly model?: string
  readonly budget?: number
}
