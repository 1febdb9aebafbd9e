import { reserve, viewAt } from "../memory.ts";

/**
 * The words of shared memory through which threads work together. There is one block of them for all programs, because
 * programs run one after the other; byte offsets from its start. Words that different threads write are in different
 * cache lines.
 */

/** More threads than this are not made. */
export const mostThreads = 32;

/**
 * Grows when workers should look for parts; those that sleep wait for that. Written by the main thread, as the next
 * three.
 */
export const opened = 0;
/** The number of the program that runs or ran last. */
export const program = 4;
/** The stage whose parts are given out. */
export const stage = 8;
/** What `finished` will be when all parts given out so far are done. */
export const target = 12;

/** How many parts have been done since the beginning, modulo 2^32. */
export const finished = 64;

/** Set by a worker that goes to sleep until `opened` changes, cleared by who wakes them all. */
export const someSleep = 128;
/** Not 0 while the main thread sleeps until `finished` changes. */
export const mainSleeps = 132;
/** Not 0 when a worker could not do its part. */
export const failed = 136;

/** What each thread has, the main thread first. */
export const lines = 192;
export const lineBytes = 64;

/**
 * Every thread has a lane of parts of the stage, which it does first; then it helps with other lanes. A lane is two
 * numbers that only ever grow: part `next - base` is the one to be taken next, there are none when `next` is `limit`.
 */
export const line = { next: 0, limit: 4, base: 8, awake: 12, posted: 16 };

/** Byte address of the block, and its words. */
export interface Control {
  readonly address: number;
  readonly words: Int32Array;
}

/** The block itself, all zero. */
export function newControl(): Control {
  const bytes = lines + lineBytes * mostThreads;
  const address = reserve(bytes);
  const words = viewAt(address, "int32", bytes / 4) as Int32Array;
  words.fill(0);
  return { address, words };
}

/** The index, among the words, of a word of thread `thread`. */
export const wordOf = (thread: number, name: keyof typeof line): number =>
  (lines + lineBytes * thread + line[name]) / 4;
