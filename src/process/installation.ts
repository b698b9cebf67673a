import type { ProxyDescription } from '../config/index.js'
import type { Surface } from './surface.js'

/** What becomes of a connection, and why. */
export interface InstalledExplanation {
  readonly route: 'proxy' | 'direct' | 'refused'
  /** Why, fit to print. */
  readonly reason: string
  readonly surface: Surface
  /** The proxy that would carry it; null on any other route. */
  readonly proxy: ProxyDescription | null
}

/** What `install()` gives back. */
export interface Installation extends Disposable {
  /** Whether it leads connections through a proxy now: false after `stop()`, and while there is no proxy. */
  readonly active: boolean
  readonly scope: 'discord' | 'all'
  /**
   * Says what would become of a connection, and why. Opens nothing.
   *
   * @param options.surface who opens it. Default: what the scheme of the URL suggests (`https`, `http`, `websocket`)
   * @throws TypeError for what is not a URL
   */
  explain(url: string | URL, options?: { readonly surface?: Surface | undefined }): InstalledExplanation
  /**
   * Runs `run` and gives back what it returns. Connections that it opens, also later in what it started, go direct;
   * those of other callers do not.
   */
  bypass<T>(run: () => T): T
  /** The names of the hooks that other code has replaced since. Empty where all are in their place. */
  replacedHooks(): string[]
  /** Ends it: puts back what is still in its place. Safe to call again. */
  stop(): void
}
