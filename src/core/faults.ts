import type { Fault } from '../model/errors.ts'

/** What is said twice is one fault. */
export const faultKey = ({ where, message }: Fault): string => `${where} ${message}`

/** Each once, in their order. */
export function distinctFaults(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [faultKey(fault), fault])).values()]
}
