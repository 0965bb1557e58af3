/**
 * `A`, if `B` is the same type, neither wider nor narrower; else a type that nothing fits, so that what uses it does not
 * compile. It holds documented types against those that schemas infer.
 */
export type Same<A, B> = [A, B] extends [B, A] ? A : { readonly "are not the same": [A, B] };
