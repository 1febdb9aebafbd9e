import { getArena } from "../memory.ts";
import { type Control, mostThreads, newControl, opened, program, someSleep, wordOf } from "./control.ts";
import type { Sharing } from "./sharing.ts";
import { type Message, type RunningWorker, startWorker } from "./worker.ts";

/**
 * The workers that all programs share: as many as the program with the most threads needs beside the main thread. They
 * start in their own time; until they are there the main thread does everything itself.
 */
class Pool {
  readonly control: Control = newControl();
  /** Whether the main thread may sleep: not in a browser's page. */
  readonly mayWait = mayWait();
  /** Worker i is thread i + 1. */
  readonly #workers: RunningWorker[] = [];

  /** Starts what is missing to so many threads. Throws where there are no workers. */
  growTo(threads: number): void {
    while (this.#workers.length < threads - 1) {
      this.#workers.push(startWorker((error) => giveUp(`a worker failed (${messageOf(error)})`)));
      const thread = this.#workers.length;
      Atomics.store(this.control.words, wordOf(thread, "awake"), 1);
      this.post(thread, { join: { memory: getArena().memory, control: this.control.address, thread } });
    }
  }

  post(thread: number, message: Message): void {
    const { words } = this.control;
    Atomics.add(words, wordOf(thread, "posted"), 1);
    this.#workers[thread - 1].postMessage(message);
    this.wake();
  }

  /** Wakes those that sleep. Others only look whether there is anything to do. */
  wake(): void {
    const { words } = this.control;
    Atomics.add(words, opened / 4, 1);
    if (Atomics.load(words, someSleep / 4) === 0) return;
    Atomics.store(words, someSleep / 4, 0);
    Atomics.notify(words, opened / 4);
  }

  close(): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }
}

let pool: Pool | undefined;
/** Set when there can be no workers. */
let unusable = false;
let teams = 0;

function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

const messageOf = (error: unknown): string => (error as { message?: string } | null)?.message ?? String(error);

/** From now on everything runs on the main thread. Says so, once. */
function giveUp(why: string): void {
  if (unusable) return;
  unusable = true;
  pool?.close();
  console.warn(`compile: ${why}; compiled functions run on one thread, whatever their option "threads" says`);
}

/** The threads that run one program. */
export class Team implements Sharing {
  /** Never 0, and never used again. */
  readonly id = ++teams;
  readonly threads: number;
  readonly control: number;
  readonly mayWait: boolean;
  readonly #pool: Pool;

  constructor(threads: number, pool: Pool) {
    this.threads = threads;
    this.control = pool.control.address;
    this.mayWait = pool.mayWait;
    this.#pool = pool;
  }

  /** Sends the workers the program. Every thread has `scratchBytes` of its own, the main thread's first. */
  send(module: WebAssembly.Module, scratch: number, scratchBytes: number): void {
    this.#post((thread) => ({ program: { id: this.id, module, scratch: scratch + thread * scratchBytes } }));
  }

  /** Lets the workers forget the program. */
  dismiss(): void {
    this.#post(() => ({ forget: this.id }));
  }

  #post(messageTo: (thread: number) => Message): void {
    if (unusable) return;
    for (let thread = 1; thread < this.threads; thread++) this.#pool.post(thread, messageTo(thread));
  }

  /** Calls the workers to the program, which is about to run. They need not come. False when there are none. */
  call(): boolean {
    if (unusable) return false;
    const { words } = this.#pool.control;
    Atomics.store(words, program / 4, this.id);
    this.#pool.wake();
    for (let thread = 1; thread < this.threads; thread++) {
      // One that has gone idle has left this word 0 for the last time, so that it is called just once.
      const awake = wordOf(thread, "awake");
      if (Atomics.compareExchange(words, awake, 0, 1) === 0) this.#pool.post(thread, {});
    }
    return true;
  }

  /** To be called when running the program threw: parts may have been left undone, and workers wait for them. */
  disband(): void {
    giveUp("a program stopped in the middle");
  }
}

/** A team of so many threads, or undefined when there is just the main thread. */
export function formTeam(threads: number): Team | undefined {
  if (threads === 1 || unusable) return undefined;
  if (getArena().sharedUpTo === undefined) {
    giveUp("threads need shared memory (SharedArrayBuffer; a web page has it when it is cross-origin isolated)");
    return undefined;
  }
  const size = Math.min(threads, mostThreads);
  try {
    pool ??= new Pool();
    pool.growTo(size);
  } catch (error) {
    giveUp(`no worker can be started here (${messageOf(error)})`);
    return undefined;
  }
  return new Team(size, pool);
}
