import { toError } from '../../errors.js'
import { Connection } from './connection.js'
import type { SigningDevice } from './device/device-key.js'
import { DeviceStore, defaultDevicePath, type Device } from './device/device-store.js'
import { OpenClawError } from './openclaw-error.js'
import type { ClientSettings } from './options.js'
import { Reconnects, type NextStep } from './reconnects.js'
import { isLoopback } from './route/address.js'
import { Dialer } from './route/dial.js'
import { resolveTarget, type Target } from './route/target.js'
import { numberOf, type EventFrame, type ResponseFrame } from './wire/frames.js'
import { missingScopes, type HelloOk } from './wire/hello.js'

/** What the link reports to its client. */
export interface LinkOwner {
  /** A WebSocket is open; the handshake follows. */
  opened(url: string): void
  /** The connection can be used. */
  ready(hello: HelloOk): void
  event(event: EventFrame): void
  response(response: ResponseFrame): void
  /** A connection, or the attempt at one, ended. @param wasReady whether it could be used */
  down(error: Error, next: NextStep, wasReady: boolean): void
}

/** The reference client waits this long before it tries the device token in place of a refused token. */
const OTHER_CREDENTIAL_MS = 250

/** One connection after the other, until it is stopped. */
export class Link {
  readonly #settings: ClientSettings
  readonly #owner: LinkOwner
  readonly #random: () => number
  readonly #dialer: Dialer
  readonly #reconnects: Reconnects
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  #ready = false
  #stopped = false
  #onEnded: (() => void) | undefined
  /** The shared secret was refused, and the gateway said that the device token may do. */
  #byDeviceToken = false
  #opening: Promise<void> = Promise.resolve()
  /** The device token of the latest hello-ok is in its file. */
  #saved: Promise<void> = Promise.resolve()

  constructor(settings: ClientSettings, owner: LinkOwner, random: () => number) {
    this.#settings = settings
    this.#owner = owner
    this.#random = random
    this.#dialer = new Dialer(settings)
    this.#reconnects = new Reconnects(settings.reconnect, random)
  }

  start(): void {
    this.#timer = undefined
    this.#opening = this.#open().catch((error: unknown) => this.#ended(toError(error), undefined))
  }

  /** Resolves when the socket is closed and nothing is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#opening
    const connection = this.#connection
    if (connection !== undefined) {
      const ended = new Promise<void>((resolve) => (this.#onEnded = resolve))
      connection.close()
      await ended
    }
    await this.saved()
    await this.#dialer.close()
  }

  send(text: string, flushed: (error?: Error) => void): void {
    if (this.#connection === undefined) flushed(new Error('the connection is gone'))
    else this.#connection.send(text, flushed)
  }

  /** A failure to keep the device token is told once, by the next one who waits for it. */
  saved(): Promise<void> {
    return this.#saved
  }

  async #open(): Promise<void> {
    const target = await resolveTarget(this.#settings)
    const device = await this.#device(target)
    const dial = await this.#dialer.prepare(target.url, target.fingerprint !== undefined)
    if (this.#stopped) return
    const { socket, proxy } = dial()
    const attempt: Attempt = { target, store: device?.store, used: device?.token }
    const credentials = this.#byDeviceToken ? {} : target.credentials
    this.#connection = new Connection(
      {
        socket,
        via: { proxy, target: target.url.host },
        handshake: { ...this.#settings, credentials, device },
        handshakeTimeoutMs: this.#settings.handshakeTimeoutMs,
        fingerprint: target.fingerprint,
        secure: target.url.protocol === 'wss:',
        random: this.#random,
      },
      {
        opened: () => this.#owner.opened(target.url.href),
        hello: (hello) => this.#hello(hello, attempt),
        event: (event) => this.#event(event),
        response: (response) => this.#owner.response(response),
        ended: (error) => {
          this.#connection = undefined
          if (error === null || this.#stopped) this.#onEnded?.()
          else this.#ended(error, attempt)
        },
      },
    )
  }

  /** @throws OpenClawError ERR_OPENCLAW_DEVICE */
  async #device(target: Target): Promise<UsedDevice | undefined> {
    const { device: option = !isLoopback(target.url.hostname), env, role } = this.#settings
    if (option === false) return undefined
    const { path, signature = 'v3' } = option === true ? {} : option
    const store = new DeviceStore(path ?? defaultDevicePath(env))
    const { key, platform, token } = await store.load(target.id, role)
    return { store, key, platform, signature, token: token?.token }
  }

  #hello(hello: HelloOk, attempt: Attempt): void {
    const missing = missingScopes(this.#settings.scopes, hello.auth.scopes)
    if (missing.length > 0) {
      this.#refuse(scopesLost(missing, hello, attempt.store !== undefined), attempt)
      return
    }
    const { deviceToken: token, scopes, role } = hello.auth
    if (token !== undefined && attempt.store !== undefined)
      this.#saved = attempt.store.save(attempt.target.id, role, { token, scopes })
    // Told to the one who waits for it; a rejection that nobody waits for yet is no defect.
    this.#saved.catch(() => undefined)
    this.#byDeviceToken = false
    this.#ready = true
    this.#reconnects.ready()
    this.#owner.ready(hello)
  }

  /** The connection works, and is not what was asked for. */
  #refuse(error: Error, attempt: Attempt): void {
    const connection = this.#connection
    this.#connection = undefined
    this.#onEnded = () => undefined
    connection?.close()
    this.#ended(error, attempt)
  }

  #event(event: EventFrame): void {
    if (event.event === 'shutdown')
      this.#reconnects.restartExpected(numberOf(event.payload['restartExpectedMs']) ?? 0)
    this.#owner.event(event)
  }

  #ended(error: Error, attempt: Attempt | undefined): void {
    const wasReady = this.#ready
    this.#ready = false
    if (this.#stopped) {
      this.#onEnded?.()
      return
    }
    void this.#nextStep(error, attempt).then((next) => {
      if (this.#stopped) return
      if (next.kind === 'wait') this.#timer = setTimeout(() => this.start(), next.delayMs)
      this.#owner.down(error, next, wasReady)
    })
  }

  async #nextStep(error: Error, attempt: Attempt | undefined): Promise<NextStep> {
    const other = attempt !== undefined && (await this.#hasOtherCredential(error, attempt))
    if (other) return { kind: 'wait', delayMs: OTHER_CREDENTIAL_MS, attempt: 1 }
    this.#byDeviceToken = false
    return this.#reconnects.after(error)
  }

  /** Whether another credential than the refused one may be tried. */
  async #hasOtherCredential(error: Error, { target, store, used }: Attempt): Promise<boolean> {
    if (!(error instanceof OpenClawError) || store === undefined) return false
    const { role } = this.#settings
    if (error.detailCode === 'AUTH_TOKEN_MISMATCH') {
      const may =
        error.details['canRetryWithDeviceToken'] === true && used !== undefined && !this.#byDeviceToken
      if (may) this.#byDeviceToken = true
      return may
    }
    if (error.detailCode !== 'AUTH_DEVICE_TOKEN_MISMATCH' || used === undefined) return false
    await store.save(target.id, role, undefined, used).catch(() => undefined)
    const { token } = await store.load(target.id, role).catch(() => NO_DEVICE)
    // Another process that shares the file has a newer one.
    return token !== undefined && token.token !== used
  }
}

const NO_DEVICE: Pick<Device, 'token'> = { token: undefined }

interface UsedDevice extends SigningDevice {
  readonly store: DeviceStore
}

/** What one connection was opened with. */
interface Attempt {
  readonly target: Target
  readonly store: DeviceStore | undefined
  readonly used: string | undefined
}

function scopesLost(missing: readonly string[], { auth }: HelloOk, hasDevice: boolean): OpenClawError {
  const has = auth.scopes.length === 0 ? 'no scopes' : auth.scopes.join(', ')
  return new OpenClawError(`The gateway accepted the connection with ${has}, without ${missing.join(', ')}`, {
    code: 'ERR_OPENCLAW_SCOPES',
    hint: hasDevice
      ? 'Approve the scopes for this device on the gateway’s host: openclaw devices list'
      : 'Give device: true, and leave `client` at its default: only cli with cli keeps its scopes without a device.',
    method: 'connect',
    details: { missingScopes: missing, scopes: auth.scopes },
  })
}
