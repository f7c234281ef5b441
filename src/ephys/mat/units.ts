// From the recorder's numbers to values in one unit for the whole batch.
import { InputError } from '../errors.ts'
import type { PortChannel } from './recording.ts'

/** A value in the batch's units is `number × gain + offset`. */
export type Scaling = { readonly gain: number; readonly offset: number }

/** Counts in one `scale`: 16 bits over the recorder's ±5 V (see PortChannel). */
const countsPerScale = 6553.6

const voltsOf: Readonly<Record<string, number>> = {
  v: 1,
  volt: 1,
  volts: 1,
  mv: 1e-3,
  millivolt: 1e-3,
  millivolts: 1e-3,
  uv: 1e-6,
  µv: 1e-6,
  microvolt: 1e-6,
  microvolts: 1e-6,
  nv: 1e-9,
}

/** Volts in one unit of that name; undefined for what is no voltage ('count', ''). Both signs for micro are known. */
function unitVolts(units: string): number | undefined {
  const name = units.toLowerCase().replace('\u03bc', '\u00b5')
  return Object.hasOwn(voltsOf, name) ? voltsOf[name] : undefined
}

type ChannelsOfFile = { readonly name: string; readonly channels: readonly PortChannel[] }

/** One unit for all channels: their own when they have the same, else volts. Throws InputError when they do not go together. */
export function commonUnits(files: readonly ChannelsOfFile[]) {
  const { units } = files[0]!.channels[0]!
  const others = files.flatMap(({ name, channels }) =>
    channels.filter((channel) => channel.units !== units).map((channel) => ({ name, channel })),
  )
  const isSame = others.length === 0
  for (const { name, channel } of others) {
    if (unitVolts(units) !== undefined && unitVolts(channel.units) !== undefined) continue
    const first = `${files[0]!.channels[0]!.name} in '${units}'`
    throw new InputError(`${name}: ${channel.name} is in '${channel.units}', but ${first}`, {
      hint: `Leave out the channels that are in other units: --omit ${channel.name}`,
    })
  }
  const scalings = files.map(({ name, channels }) =>
    channels.map((channel): Scaling => {
      const factor = isSame ? 1 : unitVolts(channel.units)!
      if (!channel.counts) return { gain: factor, offset: 0 }
      checkScale(name, channel)
      return { gain: (factor * channel.scale) / countsPerScale, offset: factor * channel.offset }
    }),
  )
  return { units: isSame ? units : 'V', unitVolts: isSame ? unitVolts(units) : 1, scalings }
}

function checkScale(file: string, channel: PortChannel): void {
  if (Number.isFinite(channel.scale) && channel.scale !== 0 && Number.isFinite(channel.offset)) return
  throw new InputError(`${file}: ${channel.name} has scale ${channel.scale} and offset ${channel.offset}`, {
    hint: `Export it from Spike2 again, or leave the channel out: --omit ${channel.name}`,
  })
}
