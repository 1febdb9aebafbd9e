import { setTimeout as sleep } from "node:timers/promises";
import { Worker as NodeWorker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { call, Module } from "../../../src/wasm/assembler.ts";
import { i32 } from "../../../src/wasm/instructions.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A pool in a world of its own, with a program that notes which thread does each part of its one stage. */
async function program(threads: number, parts: number) {
  vi.resetModules();
  const { getArena, reserve } = await import("../../../src/compile/memory.ts");
  const { formTeam } = await import("../../../src/compile/threads/pool.ts");
  const { addSharing } = await import("../../../src/compile/threads/sharing.ts");
  const team = formTeam(threads)!;
  const { memory, sharedUpTo } = getArena();
  const notes = reserve(4 * parts);
  const module = new Module();
  module.importMemory("env", "memory", 1, sharedUpTo);
  const parameters = { stage: "i32", part: "i32", scratch: "i32" } as const;
  const doPart = module.function("part", parameters, (f, { part, scratch }) => {
    const count = f.let(i32.const(20000));
    f.while(count, () => f.set(count, i32.sub(count, 1))); // long enough for somebody else to come
    f.do(i32.store(i32.add(i32.mul(part, 4), notes), scratch));
  });
  const { share, help } = addSharing(module, team, doPart);
  module.export(help);
  const lead = module.function("lead", {}, (f) => f.do(call(share, { stage: 0, parts, scratch: 0 })));
  module.export(lead);
  const compiled = new WebAssembly.Module(module.toBytes());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  team.send(compiled, 0, 1);
  /** Runs the program and returns the threads that took part. */
  const run = (): Set<number> => {
    const noted = new Int32Array(memory.buffer, notes, parts).fill(-1);
    team.call();
    (exports.lead as () => void)();
    expect(noted.every((thread) => thread >= 0 && thread < threads)).toBe(true);
    return new Set(noted);
  };
  /** Runs the program, without ever going back to the event loop, until every thread has taken part. */
  const runUntilAllCame = (): void => {
    const seen = new Set<number>();
    for (const end = Date.now() + 20_000; seen.size < threads && Date.now() < end; ) for (const t of run()) seen.add(t);
    expect(seen.size).toBe(threads);
  };
  return { team, run, runUntilAllCame };
}

describe("the workers", () => {
  it("start while the main thread is busy, and come again after any pause", async () => {
    const { runUntilAllCame, team } = await program(3, 12);
    runUntilAllCame();
    for (const pause of [0, 1, 10, 60, 200]) {
      await sleep(pause);
      runUntilAllCame();
    }
    team.dismiss();
  });

  it("keep to their own programs", async () => {
    const { run, runUntilAllCame, team } = await program(2, 8);
    runUntilAllCame();
    // A worker that has forgotten the program does not come, and its parts are done all the same.
    team.dismiss();
    await sleep(100);
    for (let i = 0; i < 100; i++) expect(run()).toEqual(new Set([0]));
  });

  it("run in a browser from a blob", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    const blobs: string[] = [];
    vi.stubGlobal(
      "Blob",
      class {
        constructor([text]: string[]) {
          blobs.push(text);
        }
      },
    );
    vi.spyOn(URL, "createObjectURL").mockImplementation(() => `blob:${blobs.length - 1}`);
    const surroundings = `
      const { parentPort } = require("node:worker_threads");
      globalThis.self = { set onmessage(receive) { parentPort.on("message", (data) => receive({ data })); } };
      process.getBuiltinModule = undefined;`;
    vi.stubGlobal(
      "Worker",
      class extends NodeWorker {
        constructor(url: string) {
          super(`${surroundings}${blobs[Number(url.split(":")[1])]}`, { eval: true, execArgv: [] });
          this.unref();
        }
      },
    );
    const { runUntilAllCame } = await program(3, 12);
    expect(blobs).toHaveLength(2);
    runUntilAllCame();
    await sleep(60);
    runUntilAllCame();
  });

  it("that fail leave the work to the main thread, with a warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({
      Worker: class extends NodeWorker {
        constructor() {
          super("throw new Error('not here')", { eval: true, execArgv: [] });
        }
      },
    } as never);
    const { team, run } = await program(2, 8);
    for (let i = 0; i < 10; i++) expect(run()).toEqual(new Set([0]));
    while (team.call()) await sleep(10);
    expect(warn.mock.calls).toHaveLength(1);
    expect(warn.mock.calls[0][0]).toContain("a worker failed (not here)");
  });
});
