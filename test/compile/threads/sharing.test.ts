import { describe, expect, it } from "vitest";
import { getArena } from "../../../src/compile/memory.ts";
import { newControl, wordOf } from "../../../src/compile/threads/control.ts";
import { addSharing } from "../../../src/compile/threads/sharing.ts";
import { call, Module } from "../../../src/wasm/assembler.ts";

/**
 * A program whose parts are done in JavaScript, so that a worker's call can be made in the midst of the main thread's:
 * one thread plays both, in an order that the test decides.
 */
function rehearsal(threads: number, doPart: (stage: number, part: number, scratch: number) => void, id = 1) {
  const { memory, sharedUpTo } = getArena();
  const control = newControl();
  const module = new Module();
  module.importMemory("env", "memory", 1, sharedUpTo);
  const parameters = { stage: "i32", part: "i32", scratch: "i32" } as const;
  const host = module.importFunction("host", "doPart", parameters, "void");
  const part = module.function("part", parameters, (f, args) => f.do(call(host, args)));
  const { share, help } = addSharing(module, { id, threads, control: control.address, mayWait: true }, part);
  module.export(share);
  module.export(help);
  const imports = { env: { memory }, host: { doPart } };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), imports);
  return { control, ...(instance.exports as Record<"share" | "help", (...args: number[]) => number>) };
}

/** Leaves `help` after what there is to do: there is a message that the worker has not read. */
const unread = 99;

describe("sharing the parts of a stage", () => {
  it("lets the main thread do everything when nobody comes", () => {
    const done: string[] = [];
    const { share } = rehearsal(4, (stage, part, scratch) => done.push(`${stage}.${part} at ${scratch}`));
    share(0, 6, 100);
    share(5, 1, 100);
    const parts = [0, 1, 2, 3, 4, 5].map((part) => `0.${part} at 100`);
    expect(done).toEqual([...parts, "5.0 at 100"]);
  });

  it("lets a worker join in the midst of a stage: first its own lane, then those of others", () => {
    const done: [part: number, scratch: number][] = [];
    const { share, help } = rehearsal(2, (_, part, scratch) => {
      done.push([part, scratch]);
      if (part === 1 && scratch === 100) help(1, 200, unread);
    });
    share(0, 8, 100);
    const [mine, theirs] = [100, 200].map((at) => done.filter(([, scratch]) => scratch === at).map(([part]) => part));
    expect(mine).toEqual([0, 1]);
    expect(theirs).toEqual([4, 5, 6, 7, 2, 3]);
  });

  it("cuts a stage of fewer parts than threads, and one of very many", () => {
    for (const parts of [1, 2, 3, 5, 1000]) {
      const done: number[] = [];
      const { share } = rehearsal(4, (_, part) => done.push(part));
      share(0, parts, 0);
      expect(done).toEqual([...Array(parts).keys()]);
    }
  });

  it("gives nothing to a worker that comes when all is done, or for another program", () => {
    const done: number[] = [];
    const first = rehearsal(2, (_, part, scratch) => done.push(part + scratch), 1);
    first.share(0, 4, 0);
    first.help(1, 100, unread);
    expect(done).toEqual([0, 1, 2, 3]);
    const second = rehearsal(2, (_, part) => (part === 0 ? first.help(1, 100, unread) : 0), 2);
    second.share(0, 4, 0);
    expect(done).toHaveLength(4);
  });

  it("refuses the parts of another program on the same lanes", () => {
    const done: number[] = [];
    const mine = rehearsal(2, (_, part, scratch) => {
      done.push(part);
      // Another program's number: a worker that is still in `help` of this one must leave.
      if (part === 0 && scratch === 0) {
        mine.control.words[1] = 77;
        mine.help(1, 100, unread);
        mine.control.words[1] = 1;
      }
    });
    mine.share(0, 4, 0);
    expect(done).toEqual([0, 1, 2, 3]);
  });

  it("goes on where the counters overflow", () => {
    const done: number[] = [];
    const { share, control } = rehearsal(2, (_, part) => done.push(part));
    for (const thread of [0, 1]) {
      for (const name of ["next", "limit"] as const) control.words[wordOf(thread, name)] = 2 ** 31 - 2;
    }
    control.words[16] = control.words[3] = 2 ** 31 - 3; // finished and target
    share(0, 8, 0);
    for (const thread of [0, 1]) {
      for (const name of ["next", "limit"] as const) control.words[wordOf(thread, name)] = -2;
    }
    control.words[16] = control.words[3] = -3;
    share(0, 8, 0);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("stops when a worker has failed, instead of waiting for its part for ever", () => {
    const { share, control } = rehearsal(2, (_, part) => {
      // A worker takes part 2 and never finishes it.
      if (part === 0) {
        control.words[wordOf(1, "next")]++;
        control.words[34] = 1; // failed
      }
    });
    expect(() => share(0, 4, 0)).toThrow(WebAssembly.RuntimeError);
  });
});
