/**
 * A selector that remembers its last answer: it is the same as long as every part of the key is. One answer is enough,
 * since one picture is drawn at a time.
 */
export function memo<A extends readonly unknown[], R>(
  keyOf: (...args: A) => readonly unknown[],
  make: (...args: A) => R,
): (...args: A) => R {
  let last: { readonly key: readonly unknown[]; readonly answer: R } | undefined
  return (...args) => {
    const key = keyOf(...args)
    if (last === undefined || key.length !== last.key.length || key.some((part, i) => !Object.is(part, last!.key[i])))
      last = { key, answer: make(...args) }
    return last.answer
  }
}
