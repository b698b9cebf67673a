import type { Fields } from '../client/wire/frames.js'
import type { Method } from './method.js'

/** @param sessions how many there are @param config what `config.get` shows */
export function otherMethods(sessions: () => number, config: Fields): Record<string, Method> {
  return {
    health: { scope: 'none', params: 'any', run: () => ({ ok: true, ts: Date.now() }) },
    status: {
      scope: 'read',
      params: [],
      run: () => ({
        runtimeVersion: 'mock',
        heartbeat: {},
        tasks: { total: 0, active: 0 },
        sessions: { count: sessions(), defaults: { model: 'fake-1', contextTokens: 128_000 } },
      }),
    },
    'config.get': {
      scope: 'read',
      params: [],
      run: () => ({ path: '/openclaw.json', exists: true, valid: true, config }),
    },
    'system-presence': { scope: 'read', params: [], run: () => [] },
    'node.list': { scope: 'read', params: [], run: () => ({ ts: Date.now(), nodes: [] }) },
    'agents.list': {
      scope: 'read',
      params: [],
      run: () => ({ defaultId: 'main', mainKey: 'main', scope: 'per-sender', agents: [{ id: 'main' }] }),
    },
  }
}
