/**
 * Lets all who wait for the same flush share it. A flush is of what was written before it began: whoever comes while one is
 * under way waits for the next, together with all who do. Rejects as `flush` does, for all who waited for that one.
 */
export function sharedFlush(flush: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const begin = () => {
    running = flush().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (running === undefined) return begin()
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }
}
