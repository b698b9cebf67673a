import type { Client } from '@buape/carbon'
import { GatewayPlugin } from '@buape/carbon/gateway'
import type { GatewayIdentify } from 'discord-api-types/v10'
import type { WebSocket } from 'ws'
import { requireTransport } from '../transport-option.js'
import { PluginConnection } from './plugin-connection.js'
import {
  carbonOptions,
  DEFAULT_GATEWAY_URL,
  requireFields,
  requireMethods,
  unlimitedInfo,
  type GatewayInfo,
  type ProxyGatewayPluginOptions,
  type TransportPluginOptions,
} from './plugin-options.js'

const OPEN = 1

/** What {@link onTransport} adds to a plugin of Carbon, or changes in it. */
export interface TransportPlugin {
  /**
   * Opens the connection. Resolves with the first session, or when the first attempt has failed and another will
   * follow.
   *
   * @throws TransportError if the proxy refuses (credentials, policy), and for a bad limit
   * @throws GatewayError if Discord refuses the bot: token, intents, shard
   */
  registerClient(client: Client): Promise<void>
  /** Ends the shard for good; its session is kept. Resolves when its socket is closed. */
  closed(): Promise<void>
}

/**
 * A class of Carbon's that is on a transport.
 *
 * @param options the options of Carbon's class, `transport`, and the limits of `createGateway()`
 * @param gatewayInfo the answer of `/gateway/bot`, if it is known already; it is looked up otherwise
 * @throws TransportError ERR_INVALID_OPTIONS without a transport
 * @throws TypeError for a Carbon without the members that the adapter needs
 */
export type OnTransport<Base extends typeof GatewayPlugin> = new (
  options: ConstructorParameters<Base>[0] & TransportPluginOptions,
  gatewayInfo?: GatewayInfo,
  // In this order: the reference takes the comment of registerClient() from the first.
) => TransportPlugin & InstanceType<Base>

/**
 * A gateway plugin of Carbon on the transport's own gateway client: `onTransport(GatewayForwarderPlugin)`. What the class
 * does with events stays; `transport` joins its options.
 *
 * @param base GatewayPlugin, or a class that extends it and leaves the connection to it
 */
export function onTransport<Base extends typeof GatewayPlugin>(base: Base): OnTransport<Base> {
  const Parent: typeof GatewayPlugin = base
  class TransportGatewayPlugin extends Parent {
    readonly #connection: PluginConnection

    constructor(options: ProxyGatewayPluginOptions, gatewayInfo?: GatewayInfo) {
      // First: Carbon's constructor starts an interval.
      requireTransport(options.transport)
      requireMethods(Parent.prototype)
      super(carbonOptions(options), gatewayInfo)
      requireFields(this)
      const members = {
        monitor: this.monitor,
        emitter: this.emitter,
        resumable: () => this.state,
        identification: () => this.#identification(),
      }
      this.#connection = new PluginConnection(this, members, options, gatewayInfo)
    }

    override async registerClient(client: Client): Promise<void> {
      // The gateway client looks it up; Carbon would use the global fetch.
      this.gatewayInfo ??= unlimitedInfo(this.options.url ?? DEFAULT_GATEWAY_URL)
      await this.#connection.untilSettled(() => super.registerClient(client))
    }

    override connect(resume = false): void {
      this.#connection.prepare(resume && this.canResume())
      super.connect(resume)
    }

    async closed(): Promise<void> {
      const ended = this.#connection.ended()
      this.disconnect()
      await ended
      this.monitor.destroy()
    }

    override disconnect(): void {
      super.disconnect()
      this.#connection.settle()
    }

    protected override createWebSocket(): WebSocket {
      // Carbon uses on, send, close, terminate and readyState alone; 0.14 declares the type of `ws`.
      return this.#connection.open() as unknown as WebSocket
    }

    /** The gateway client reconnects by itself. */
    protected override handleClose(): void {
      this.isConnected = false
    }

    #identification(): GatewayIdentify['d'] {
      const { ws } = this
      let text = '{}'
      this.ws = { readyState: OPEN, send: (sent) => (text = sent), close: () => undefined }
      try {
        this.identify()
      } finally {
        this.ws = ws
      }
      return (JSON.parse(text) as GatewayIdentify).d
    }
  }
  // The compiler cannot know that an instance is one of `base` too.
  return TransportGatewayPlugin as unknown as OnTransport<Base>
}

/** An interface, so that Carbon's class is among the base types of its instances. */
interface CarbonGatewayPluginOnTransport extends TransportPlugin, GatewayPlugin {}

const CarbonGatewayPlugin: new (
  options: ProxyGatewayPluginOptions,
  gatewayInfo?: GatewayInfo,
) => CarbonGatewayPluginOnTransport = onTransport(GatewayPlugin)

/**
 * Carbon's GatewayPlugin on the transport's own gateway client, for Carbon 0.14 to 0.16. It resumes through every
 * outage that Discord's session survives, has a deadline for every silence, and moves with `transport.setProxy()`.
 *
 * A connection that fails is told by an `error` event of Carbon's emitter, and tried again. Without a listener there
 * it is a warning of the process. A failure that no repetition mends (a wrong token, a disallowed intent) stays an
 * uncaught error without a listener, as with Carbon.
 *
 * The constructor takes what {@link OnTransport} says, and throws a TransportError ERR_INVALID_OPTIONS without a
 * transport, and a TypeError for a Carbon without the members that the adapter needs.
 */
export class ProxyGatewayPlugin extends CarbonGatewayPlugin {}
