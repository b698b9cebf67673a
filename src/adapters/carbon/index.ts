export { ProxyGatewayPlugin, type ProxyGatewayPluginOptions } from './gateway-plugin.js'
export { ProxyShardingPlugin, type ProxyShardingPluginOptions } from './sharding-plugin.js'
export { ProxyRequestClient, type ProxyRequestClientOptions } from './request-client.js'
