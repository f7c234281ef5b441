// The few words of WebAssembly that the two hottest loops are made of (median.ts, weighted.ts). Its vectors work on four
// numbers at once, which JavaScript cannot, and its arithmetic is the same to the last bit. Every Node that labmake runs
// on knows them. (webassembly.github.io/spec/core/binary)

/** Code: numbers from 0 to 255. */
export type Code = readonly number[]

/** The place of a local variable: arguments first, then one integer that counts, then the vectors. */
export type Local = number

export const get = (local: Local): Code => [0x20, ...unsigned(local)]
export const set = (local: Local): Code => [0x21, ...unsigned(local)]

/** These take an address from the stack, to which `offset` is added. */
export const loadInts = (offset: number): Code => vector(0x00, 0, ...unsigned(offset))
/** Two int32 as two doubles. */
export const loadTwoAsDoubles = (offset: number): Code => [...vector(0x5d, 0, ...unsigned(offset)), ...vector(0xfe)]
/** One double, twice. */
export const loadDoubleTwice = (offset: number): Code => vector(0x0a, 0, ...unsigned(offset))
export const store = (offset: number): Code => vector(0x0b, 0, ...unsigned(offset))

export const addInts = vector(0xae)
export const smallerInts = vector(0xb6)
export const largerInts = vector(0xb8)
export const addDoubles = vector(0xf0)
export const multiplyDoubles = vector(0xf2)
export const zeros = vector(0x0c, ...new Array<number>(16).fill(0))

/** Adds a number to an integer variable. */
export const advance = (local: Local, by: number): Code => [...get(local), 0x41, ...signed(by), 0x6a, ...set(local)]

/** Does `body` until one integer variable has reached another; at least once. */
export function repeatUntil(counter: Local, end: Local, body: Code): Code {
  return [0x03, 0x40, ...body, ...get(counter), ...get(end), 0x49, 0x0d, 0, 0x0b]
}

/** As much of WebAssembly's interface as is used: TypeScript declares it only together with all that browsers have. */
type Wasm = {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> }
}
const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly

export type Compiled = { readonly run: (...args: number[]) => void; readonly memory: ArrayBuffer }

type Size = { readonly args: number; readonly vectors: number; readonly bytes: number }

/** Bytes of a page of memory. */
const pageBytes = 65_536

/** A function of integers, one integer variable of its own and vectors, with a memory of at least so many bytes. */
export function compile(body: Code, { args, vectors, bytes }: Size): Compiled {
  const locals = [2, 1, 0x7f, ...unsigned(vectors), 0x7b]
  const code = [...locals, ...body, 0x0b]
  const module = new wasm.Module(
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, [1, 0x60, args, ...new Array<number>(args).fill(0x7f), 0]),
      ...section(3, [1, 0]),
      ...section(5, [1, 0, ...unsigned(Math.ceil(bytes / pageBytes))]),
      // What it shows: 'f', the function, and 'm', the memory.
      ...section(7, [2, 1, 0x66, 0, 0, 1, 0x6d, 2, 0]),
      ...section(10, [1, ...unsigned(code.length), ...code]),
    ]),
  )
  const { f, m } = new wasm.Instance(module).exports
  return { run: f as (...args: number[]) => void, memory: (m as { readonly buffer: ArrayBuffer }).buffer }
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content]
}

function vector(operation: number, ...more: Code): Code {
  return [0xfd, ...unsigned(operation), ...more]
}

/** LEB128, as WebAssembly writes integers: seven bits a byte, the lowest first. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** The same, where the last byte's highest bit is the sign. For positive numbers. */
function signed(value: number): Code {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)]
}
