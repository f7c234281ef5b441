/** Room for the number of the first batch of a line. */
export const mapMargin = 8
/** After so many signs a gap, so that one can count. */
const group = 10

/** Signs on a line of the map: whole groups, with a gap between them. */
export function mapColumns(columns: number): number {
  const groups = Math.floor((columns - mapMargin + 1) / (group + 1))
  return Math.max(1, groups) * group
}

/** Gap before the sign at this place of its line. */
export const hasGap = (place: number): boolean => place > 0 && place % group === 0
