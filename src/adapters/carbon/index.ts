export { onTransport, ProxyGatewayPlugin, type OnTransport, type TransportPlugin } from './gateway-plugin.js'
export type { ProxyGatewayPluginOptions, TransportPluginOptions } from './plugin-options.js'
export { ProxyShardingPlugin, type ProxyShardingPluginOptions } from './sharding-plugin.js'
export { ProxyRequestClient, type ProxyRequestClientOptions } from './request-client.js'
