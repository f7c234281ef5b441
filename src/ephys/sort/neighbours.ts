/** Position of a channel's contact on the probe, µm. */
export type Position = readonly [x: number, y: number]

/** A cell is seen by the contacts within this distance of the one where it is largest. */
export const REACH_UM = 110

export function distanceUm(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1])
}

/** Of each channel, all channels from the nearest (itself) to the farthest; of equal distances the lower number first. */
export function nearestFirst(positions: readonly Position[]): number[][] {
  return positions.map((from) =>
    positions
      .map((to, channel) => ({ channel, distance: distanceUm(from, to) }))
      .sort((a, b) => a.distance - b.distance || a.channel - b.channel)
      .map(({ channel }) => channel),
  )
}

/** Of each channel, the channels within `withinUm` of it, the nearest (itself) first. */
export function neighboursWithin(positions: readonly Position[], withinUm: number): number[][] {
  return nearestFirst(positions).map((order, channel) =>
    order.filter((other) => distanceUm(positions[channel]!, positions[other]!) <= withinUm),
  )
}
