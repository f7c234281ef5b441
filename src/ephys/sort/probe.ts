import { readFileSync } from 'node:fs'
import { InputError, messageOf } from '../errors.ts'
import type { Position } from './neighbours.ts'

/** Without a probe's map the channels are taken to lie on a line, this far apart. */
const PITCH_UM = 50

const UM_PER_UNIT: Readonly<Record<string, number>> = { um: 1, mm: 1000, m: 1e6 }
const REMEDY = 'Expected a map as probeinterface writes it (write_probeinterface).'

/** A probe's contacts, as far as they matter here. */
interface Contact {
  readonly position: Position
  readonly id: string | undefined
  /** The channel it is wired to, counted from 0; undefined for none. */
  readonly device: number | undefined
}

/** Where the channels lie, in their order, when nothing is known: on a line; channels that were omitted leave gaps. */
export function linePositions(channelNames: readonly string[]): Position[] {
  const numbers = channelNames.map(numberOf)
  const known = numbers.every((number) => number !== undefined) && new Set(numbers).size === numbers.length
  const first = Math.min(...numbers.map((number) => number ?? 0))
  return channelNames.map((_, index) => [0, PITCH_UM * (known ? numbers[index]! - first : index)])
}

/** The map at `path`. Throws InputError naming the file, and the channel that it does not place. */
export function readProbe(path: string, channelNames: readonly string[]): Position[] {
  return placeChannels(parseProbe(readJson(path), path), channelNames, path)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error)
    throw new InputError(`${path} cannot be read: ${why}`, { hint: REMEDY, cause: error })
  }
}

/**
 * A channel's contact: the one whose `contact_ids` holds the channel's name; where the ids are no channel names, the one
 * wired to it in `device_channel_indices`, which count from 0 as Port_1 counts from 1 (and plain names from 0).
 */
function placeChannels(contacts: readonly Contact[], channelNames: readonly string[], path: string): Position[] {
  const byId = new Map(contacts.flatMap((contact) => (contact.id === undefined ? [] : [[contact.id, contact]])))
  const byDevice = new Map(
    contacts.flatMap((contact) => (contact.device === undefined ? [] : [[contact.device, contact]])),
  )
  const useIds = channelNames.some((name) => byId.has(name) && numberOf(name) !== Number(name))
  const positions = channelNames.map((name, index) => {
    const contact = useIds ? byId.get(name) : byDevice.get(deviceOf(name) ?? index)
    if (contact) return contact.position
    const sought = useIds ? `contact_ids has no ${name}` : `device_channel_indices has no ${deviceOf(name) ?? index}`
    throw new InputError(`${path} does not say where ${name} lies: ${sought}`, {
      hint: 'Name the map of the probe that was used, or omit the channel when de-noising.',
    })
  })
  const taken = new Map<string, string>()
  for (const [index, position] of positions.entries()) {
    const other = taken.get(position.join())
    if (other !== undefined) {
      const place = `(${position.join(', ')}) µm`
      throw new InputError(`${path} puts ${other} and ${channelNames[index]} at one place, ${place}`, { hint: REMEDY })
    }
    taken.set(position.join(), channelNames[index]!)
  }
  return positions
}

/** 3 of Port_3, 0 of '0'; undefined for a name without a number at its end. */
function numberOf(name: string): number | undefined {
  const digits = /\d+$/.exec(name)?.[0]
  return digits === undefined ? undefined : Number(digits)
}

/** The recorder's ports count from 1; channels named by plain numbers count from 0. */
function deviceOf(name: string): number | undefined {
  const number = numberOf(name)
  return number === undefined || /^\d+$/.test(name) ? number : number - 1
}

function parseProbe(json: unknown, path: string): Contact[] {
  const probes = fieldOf(json, 'probes')
  const fault = (what: string) => new InputError(`${path} is not a probe's map: ${what}`, { hint: REMEDY })
  if (!Array.isArray(probes) || probes.length === 0) throw fault('no probes in it')
  return probes.flatMap((probe: unknown, index): Contact[] => {
    const where = probes.length === 1 ? '' : ` in probe ${index}`
    const positions = fieldOf(probe, 'contact_positions')
    if (!Array.isArray(positions) || !positions.every(isPosition)) {
      throw fault(`contact_positions${where} is not a list of [x, y]`)
    }
    const unit = fieldOf(probe, 'si_units') ?? 'um'
    const factor = typeof unit === 'string' && Object.hasOwn(UM_PER_UNIT, unit) ? UM_PER_UNIT[unit] : undefined
    if (factor === undefined) throw fault(`si_units${where} is ${JSON.stringify(unit)}; expected "um", "mm" or "m"`)
    const ids = listOf(fieldOf(probe, 'contact_ids'), positions.length)
    const devices = listOf(fieldOf(probe, 'device_channel_indices'), positions.length)
    return positions.map(([x, y], contact) => {
      const device = devices?.[contact]
      return {
        position: [x * factor, y * factor],
        id: ids?.[contact] === undefined ? undefined : String(ids[contact]),
        // probeinterface writes −1 for a contact that is not wired.
        device: Number.isInteger(device) && Number(device) >= 0 ? Number(device) : undefined,
      }
    })
  })
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined
}

function listOf(value: unknown, length: number): readonly unknown[] | undefined {
  return Array.isArray(value) && value.length === length ? value : undefined
}

function isPosition(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((coordinate) => Number.isFinite(coordinate))
}
