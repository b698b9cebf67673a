/** True if both types have the same keys and each can stand for the other. */
export type Agree<A, B> = [keyof A, A, keyof B, B] extends [keyof B, B, keyof A, A] ? true : false

/** Compiles only for `true`. */
export type Assert<Truth extends true> = Truth
