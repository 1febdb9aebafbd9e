import { call, type FunctionBuilder, type Module, type WasmFunction } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f64, i32, i64 } from "../../wasm/instructions.ts";
import * as control from "./control.ts";

/** What the code of a program has to know of the threads that run it. */
export interface Sharing {
  /** The program's number; never 0, and never used again. */
  readonly id: number;
  readonly threads: number;
  /** Address of the words of `control.ts`. */
  readonly control: number;
  /** Whether the main thread may sleep: a browser's must not. */
  readonly mayWait: boolean;
}

/** Does part `part` of the shared stage `stage`. */
export type PartFunction = WasmFunction<{ stage: "i32"; part: "i32"; scratch: "i32" }, "void">;

/**
 * How often a thread looks for what it waits for, every 20 nanoseconds or so, before it sleeps. To be woken takes it
 * tens of microseconds, and who wakes it several. The main thread waits for parts that somebody is at, and so has more
 * patience.
 */
const workerLooks = 2500;
const mainLooks = 10000;

/**
 * How long a worker sleeps before it goes back to its event loop, and how long the main thread until it looks again.
 */
const sleepNanoseconds = 20e6;

/**
 * Adds the functions through which threads share the parts of a stage.
 *
 * The main thread opens a stage by moving the limit of each lane up; whoever sees a part takes it by adding 1 to the
 * lane's `next`, if that is still what it was. A worker may therefore come at any time: if the part it saw is still
 * there, so is the stage, since the main thread opens no other before all parts are done; if not, its exchange fails,
 * because `next` never comes back to an old value. Nothing depends on who does a part.
 */
export function addSharing(module: Module, { id, threads, control: base, mayWait }: Sharing, doPart: PartFunction) {
  const word = (offset: number) => i32.atomicLoad(base + offset);
  const lines = base + control.lines;
  const { next, limit, base: first, posted } = control.line;

  /** Takes parts until none is left; returns how many. */
  const work = module.function("work", { thread: "i32", scratch: "i32" }, (f, { thread, scratch }) => {
    const line = f.let(i32.add(i32.mul(thread, control.lineBytes), lines));
    const lanes = f.let(i32.const(threads));
    const done = f.let(i32.const(0));
    const more = f.local("i32");
    f.doWhile(
      () => {
        f.doWhile(
          () => {
            // The order of these loads matters: `limit` is stored last.
            const ticket = f.let(i32.atomicLoad(line, next));
            f.set(more, i32.ne(ticket, i32.atomicLoad(line, limit)));
            f.if(more, () => {
              const stage = f.let(word(control.stage));
              const part = f.let(i32.sub(ticket, i32.atomicLoad(line, first)));
              const isOwn = f.let(i32.eq(word(control.program), id));
              f.set(more, isOwn);
              f.if(isOwn, () => {
                const seen = i32.atomicCompareExchange(line, ticket, i32.add(ticket, 1), next);
                f.if(i32.eq(seen, ticket), () => {
                  f.do(call(doPart, { stage, part, scratch }));
                  f.set(done, i32.add(done, 1));
                });
              });
            });
          },
          () => more,
        );
        f.set(line, i32.add(line, control.lineBytes));
        f.if(i32.eq(line, lines + control.lineBytes * threads), () => f.set(line, i32.const(lines)));
        f.set(lanes, i32.sub(lanes, 1));
      },
      () => lanes,
    );
    f.if(done, () => {
      f.drop(i32.atomicAdd(base + control.finished, done));
      f.if(word(control.mainSleeps), () => f.drop(i32.atomicNotify(base + control.finished, 1)));
    });
    return done;
  });

  /** Does all parts of a stage, with whoever helps. Called by the main thread. */
  const share = module.function(
    "share",
    { stage: "i32", parts: "i32", scratch: "i32" },
    (f, { stage, parts, scratch }) => {
      f.do(i32.atomicStore(base + control.program, id));
      f.do(i32.atomicStore(base + control.stage, stage));
      const start = f.let(i32.const(0));
      for (let thread = 0; thread < threads; thread++) {
        const line = lines + control.lineBytes * thread;
        const end = f.let(i32.divU(i32.mul(parts, thread + 1), threads));
        const from = f.let(i32.atomicLoad(line + limit));
        f.do(i32.atomicStore(line + first, i32.sub(from, start)));
        f.do(i32.atomicStore(line + limit, i32.add(from, i32.sub(end, start))));
        f.set(start, end);
      }
      const target = f.let(i32.add(word(control.target), parts));
      f.do(i32.atomicStore(base + control.target, target));
      f.do(i32.atomicStore(base + control.opened, i32.add(word(control.opened), 1)));
      f.if(word(control.someSleep), () => {
        f.do(i32.atomicStore(base + control.someSleep, 0));
        f.drop(i32.atomicNotify(base + control.opened, -1));
      });
      f.drop(call(work, { thread: 0, scratch }));
      const patience = newPatience(f, mainLooks);
      const isOver = f.local("i32");
      f.doWhile(
        () => {
          const seen = f.let(word(control.finished));
          f.set(isOver, i32.eq(seen, target));
          f.if(i32.eqz(isOver), () => {
            f.if(word(control.failed), () => f.do(unreachable));
            waitAWhile(f, patience, () => {
              if (!mayWait) return;
              f.do(i32.atomicStore(base + control.mainSleeps, 1));
              f.drop(i32.atomicWait(i32.const(base + control.finished), seen, i64.const(sleepNanoseconds)));
              f.do(i32.atomicStore(base + control.mainSleeps, 0));
            });
          });
        },
        () => i32.eqz(isOver),
      );
    },
  );

  /**
   * A worker helps with this program, until another runs, or it has been sent more messages than it has `read`, or it
   * has slept in vain: then the result is 1.
   */
  const help = module.function(
    "help",
    { thread: "i32", scratch: "i32", read: "i32" },
    (f, { thread, scratch, read }) => {
      const line = f.let(i32.add(i32.mul(thread, control.lineBytes), lines));
      const patience = newPatience(f, workerLooks);
      const seen = f.let(i32.sub(word(control.opened), 1));
      const woken = f.let(i32.const(0));
      const stays = f.local("i32");
      f.doWhile(
        () => {
          // Lanes are looked at only after all of them have been filled, so that everyone starts with its own.
          const now = f.let(word(control.opened));
          f.if(
            i32.ne(now, seen),
            () => {
              f.set(seen, now);
              f.drop(call(work, { thread, scratch }));
              f.set(patience.left, i32.const(workerLooks));
            },
            () =>
              waitAWhile(f, patience, () => {
                f.do(i32.atomicStore(base + control.someSleep, 1));
                f.set(woken, i32.atomicWait(i32.const(base + control.opened), seen, i64.const(sleepNanoseconds)));
              }),
          );
          f.set(stays, i32.and(i32.eq(word(control.program), id), i32.eq(i32.atomicLoad(line, posted), read)));
          f.set(stays, i32.and(stays, i32.ne(woken, timedOut)));
        },
        () => stays,
      );
      return i32.eq(woken, timedOut);
    },
  );
  return { share, help };
}

/** What waiting returns when the time is over. */
const timedOut = 2;

const unreachable: Expression<"void"> = { type: "void", code: [0x00] };

/** Counts down while somebody waits. */
interface Patience {
  readonly looks: number;
  readonly left: Local<"i32">;
  readonly pause: Local<"f64">;
}

const newPatience = (f: FunctionBuilder, looks: number): Patience => ({
  looks,
  left: f.let(i32.const(looks)),
  pause: f.local("f64"),
});

/** Lets a moment pass; after `looks` of them calls `sleep`. */
function waitAWhile(f: FunctionBuilder, { looks, left, pause }: Patience, sleep: () => void): void {
  // WebAssembly has no pause. Roots take long and little else, so that a thread on the same core is hardly slowed down.
  f.set(pause, f64.sqrt(f64.sqrt(pause)));
  f.set(left, i32.sub(left, 1));
  f.if(i32.and(i32.leS(left, 0), f64.ge(pause, 0)), () => {
    sleep();
    f.set(left, i32.const(looks));
  });
}
