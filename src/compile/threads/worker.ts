import type { Worker as NodeWorker } from "node:worker_threads";
import { failed, finished, line, lineBytes, lines, program } from "./control.ts";

/** What the main thread sends to a worker; an empty message only calls it. */
export interface Message {
  /** The first message: the memory, the address of the control block, which thread the worker is. */
  readonly join?: { readonly memory: WebAssembly.Memory; readonly control: number; readonly thread: number };
  /** A program that it shall help with, and the address of its scratch memory. */
  readonly program?: { readonly id: number; readonly module: WebAssembly.Module; readonly scratch: number };
  /** The number of a program that is no more. */
  readonly forget?: number;
}

/** A running worker, in Node or a browser. */
export interface RunningWorker {
  postMessage(message: Message): void;
  terminate(): unknown;
}

/**
 * A worker helps as long as there is something to do, and a little longer; then it goes back to its event loop, where
 * messages reach it. Its code is text, because that works from any file, bundle or loader; it is plain ES2020.
 */
const code = `
const port = typeof process === "object" && process.getBuiltinModule
  ? process.getBuiltinModule("node:worker_threads").parentPort
  : self;
const programs = new Map();
let memory, words, start, own, read = 0;

const element = () => {
  throw new Error("a stage that calls JavaScript was given to a worker");
};

function receive({ join, program, forget }) {
  read++;
  if (join) {
    memory = join.memory;
    words = new Int32Array(memory.buffer);
    start = join.control / 4;
    own = { thread: join.thread, word: start + (${lines} + ${lineBytes} * join.thread) / 4 };
  }
  if (program) {
    const { exports } = new WebAssembly.Instance(program.module, { env: { memory }, host: { element } });
    programs.set(program.id, () => exports.help(own.thread, program.scratch, read));
  }
  programs.delete(forget);
}

function help() {
  Atomics.store(words, own.word + ${line.awake / 4}, 1);
  for (;;) {
    if (Atomics.load(words, own.word + ${line.posted / 4}) !== read) return;
    const program = programs.get(Atomics.load(words, start + ${program / 4}));
    if (program === undefined || program() !== 0) break;
  }
  Atomics.store(words, own.word + ${line.awake / 4}, 0);
}

port.onmessage = ({ data }) => {
  receive(data);
  try {
    help();
  } catch (error) {
    Atomics.store(words, start + ${failed / 4}, 1);
    Atomics.notify(words, start + ${finished / 4});
    throw error;
  }
};
`;

type Process = { getBuiltinModule?: (name: string) => typeof import("node:worker_threads") | undefined };

/** Starts a worker that does not keep the process alive. Throws where there are no workers. */
export function startWorker(onError: (error: unknown) => void): RunningWorker {
  const { process } = globalThis as { process?: Process };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  if (threads !== undefined) {
    // Nothing of the process's own loaders and flags: the code needs none, and they cost time.
    const worker: NodeWorker = new threads.Worker(code, { eval: true, execArgv: [], env: {}, name: "tapegrad" });
    worker.on("error", onError);
    worker.unref();
    return worker;
  }
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "tapegrad" });
  worker.onerror = onError;
  return worker;
}
