/** Positions in µm of a probe's contacts, across (x) and along (y) the shank; the index is the channel's. */
export type Layout = readonly (readonly [x: number, y: number])[]

export type ChannelCount = 16 | 32

/** 16 contacts in a line, or 32 in two staggered columns; either way the next contact is 50 µm away. */
export function layoutOf(channels: ChannelCount): Layout {
  return Array.from({ length: channels }, (_, channel) =>
    channels === 16 ? [0, 50 * channel] : [43.3 * (channel % 2), 25 * channel],
  )
}

/** Port_1 is channel 0: the recorder counts from one. */
export function portName(channel: number): string {
  return `Port_${channel + 1}`
}

/** The layout as probeinterface writes it: contacts carry the ports' names, `device_channel_indices` their order. */
export function probeInterfaceOf(layout: Layout): object {
  return {
    specification: 'probeinterface',
    version: '0.2.21',
    probes: [
      {
        ndim: 2,
        si_units: 'um',
        annotations: { name: `simulated ${layout.length} channels`, manufacturer: 'none' },
        contact_annotations: {},
        contact_positions: layout,
        contact_plane_axes: layout.map(() => [
          [1, 0],
          [0, 1],
        ]),
        contact_shapes: layout.map(() => 'circle'),
        contact_shape_params: layout.map(() => ({ radius: 7.5 })),
        contact_ids: layout.map((_, channel) => portName(channel)),
        shank_ids: layout.map(() => ''),
        device_channel_indices: layout.map((_, channel) => channel),
      },
    ],
  }
}
