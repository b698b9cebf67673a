export { ProxyGatewayPlugin, type ProxyGatewayPluginOptions } from './gateway-plugin.js'
export { ProxyRequestClient, type ProxyRequestClientOptions } from './request-client.js'
