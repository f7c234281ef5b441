import { manifestFolder } from '../core/dropManifest.ts'
import type { Looks } from './looks.ts'
import { looksAt } from './orderedLooks.ts'

// The inputs of a look: rule files and manifests, and the folders they lie in.

export const isOfManifests = (path: string): boolean => path === manifestFolder || path.startsWith(`${manifestFolder}/`)

/** What was seen of manifests alone. */
export function manifestLooks(inputs: Looks): Looks {
  return looksAt(inputs, placesOf(inputs, isOfManifests))
}

/** What was seen of rule files alone. */
export function ruleLooks(inputs: Looks): Looks {
  return looksAt(
    inputs,
    placesOf(inputs, (path) => !isOfManifests(path)),
  )
}

const placesOf = ({ paths }: Looks, isMeant: (path: string) => boolean) =>
  [...paths.keys()].filter((place) => isMeant(paths[place]!))
