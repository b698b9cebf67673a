import { emitEvent } from '../../config/events.js'
import type { OnEvent, TransportEvent } from '../../config/index.js'
import type { StatsCounter } from '../stats.js'
import type { ChoiceSettings } from './choosing.js'

type ProxyEvent = Extract<TransportEvent, { readonly type: `proxy-${string}` }>

/** Counts what happens to proxies, and tells the listener. */
export function proxyEvents(
  stats: StatsCounter,
  onEvent: OnEvent | undefined,
): Pick<ChoiceSettings, 'onFailed' | 'onDown' | 'onUp' | 'onChange'> {
  const tell = (event: ProxyEvent): void => {
    stats.proxyEvent(event.type)
    emitEvent(onEvent, event)
  }
  return {
    onFailed: (proxy) => stats.proxyFailed(proxy),
    onDown: (proxy, { code, phase }) => tell({ type: 'proxy-down', proxy, code, phase }),
    onUp: (proxy, ms) => tell({ type: 'proxy-up', proxy, ms }),
    onChange: (from, proxy, reason) => tell({ type: 'proxy-change', proxy, from, reason }),
  }
}
