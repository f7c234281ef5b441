/** What a client that stops reading may hold of one answer beyond what all clients share: about what a socket takes at once. */
export const pieceBytes = 256 << 10

/**
 * An answer that is written bit by bit, as fast as the client reads. The pieces are views: however many clients are sent
 * the same 10 MB, these are in memory once.
 */
export function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let rest = bytes
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (rest.length > 0) controller.enqueue(rest.subarray(0, pieceBytes))
        rest = rest.subarray(pieceBytes)
        if (rest.length === 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
