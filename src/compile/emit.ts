import type { Tensor } from "../tensor/tensor.ts";
import { call, type FunctionBuilder, Module, type WasmFunction } from "../wasm/assembler.ts";
import { f32x4, i32, memoryCopy } from "../wasm/instructions.ts";
import { hostCallsIn, importHost } from "./kernels/host.ts";
import { bytesIn } from "./plan.ts";
import type { Schedule, Unit } from "./schedule.ts";
import type { Step } from "./step.ts";
import { addSharing, type PartFunction, type Sharing } from "./threads/sharing.ts";

/** Byte addresses of all that a program works on. */
export interface Layouts {
  addressOf(t: Tensor): number;
  temporaryOf(unit: Unit): number;
  constantsOf(unit: Unit): readonly number[];
  readonly scratch: number;
}

/**
 * The program as WebAssembly. It exports `run`, which does the whole step and returns 0; or, if a check fails, the
 * number of the check counted from 1, before any state has been changed that matters. For several threads it also
 * exports `lead`, which is `run` with the help of those that are in `help`.
 */
export function emit(
  step: Step,
  schedule: Schedule,
  layouts: Layouts,
  sharedUpTo: number | undefined,
  relaxedSimd: boolean,
  sharing?: Sharing,
): Uint8Array<ArrayBuffer> {
  const { units, rootOf, copies, checkedAfter } = schedule;
  const module = new Module(relaxedSimd);
  module.importMemory("env", "memory", 1, sharedUpTo);
  module.once(importHost);
  const addressOf = (t: Tensor): number => layouts.addressOf(rootOf(t));
  const states = new Map(
    [...step.leaves].flatMap(([t, leaf]) => (leaf.kind === "state" ? [[leaf.storage, t] as const] : [])),
  );
  const stages = units.map((unit) => stagesOf(module, unit, layouts, addressOf));
  const addStep = (name: string, doStage: (f: FunctionBuilder, stage: StageFunction) => void) =>
    module.function(name, {}, (f) => {
      const check = () =>
        step.checks.forEach(({ flag }, i) => {
          f.if(i32.load(i32.const(addressOf(flag))), () => f.return(i32.const(i + 1)));
        });
      units.forEach((unit, i) => {
        if (i === checkedAfter) check();
        if (unit.isCopy) {
          const [[from], [to]] = [unit.reads, unit.writes];
          f.do(memoryCopy(addressOf(to), addressOf(from), bytesIn(to)));
        }
        for (const stage of stages[i]) doStage(f, stage);
      });
      if (checkedAfter === units.length) check();
      for (const { target, value } of copies) {
        f.do(memoryCopy(layouts.addressOf(states.get(target)!), addressOf(value), bytesIn(value)));
      }
      return i32.const(0);
    });
  const doAlone = (f: FunctionBuilder, { parts, run }: StageFunction): void => {
    const part = f.let(i32.const(0));
    f.doWhile(
      () => {
        f.do(call(run, { part, scratch: layouts.scratch }));
        f.set(part, i32.add(part, 1));
      },
      () => i32.ltU(part, parts),
    );
  };
  module.export(addStep("run", doAlone));
  if (sharing !== undefined) {
    const shared = stages.flat().filter(({ parts, callsHost }) => parts > 1 && !callsHost);
    const { share, help } = addSharing(module, sharing, addParts(module, shared));
    const lead = addStep("lead", (f, stage) => {
      const number = shared.indexOf(stage);
      if (number === -1) doAlone(f, stage);
      else f.do(call(share, { stage: number, parts: stage.parts, scratch: layouts.scratch }));
    });
    module.export(lead);
    module.export(help);
  }
  return module.toBytes();
}

/** Whether the engine has SIMD, or with `relaxed` relaxed SIMD. */
export function hasSimd(relaxed: boolean): boolean {
  const module = new Module(relaxed);
  const zero = f32x4.const(0, 0, 0, 0);
  module.function("madd", {}, (f) => f.multiplyAdd(zero, zero, zero));
  return WebAssembly.validate(module.toBytes());
}

interface StageFunction {
  readonly parts: number;
  readonly run: WasmFunction<{ part: "i32"; scratch: "i32" }, "void">;
  /** Whether it needs JavaScript, which only the main thread has. */
  readonly callsHost: boolean;
}

function stagesOf(module: Module, unit: Unit, layouts: Layouts, addressOf: (t: Tensor) => number): StageFunction[] {
  const outputs = unit.writes.map(addressOf);
  const at = {
    output: outputs[0],
    outputs,
    inputs: unit.reads.map(addressOf),
    temporary: layouts.temporaryOf(unit),
    constants: layouts.constantsOf(unit),
  };
  return unit.kernel.stages.map(({ parts, emit }, i) => {
    const hostCalls = hostCallsIn(module);
    const run = module.function(`${nameOf(unit)}.${i}`, { part: "i32", scratch: "i32" }, (f, { part, scratch }) =>
      emit(module, f, part, { ...at, scratch }),
    );
    return { parts, run, callsHost: hostCallsIn(module) > hostCalls };
  });
}

/** Adds the function that does one part of any of the stages. */
function addParts(module: Module, stages: readonly StageFunction[]): PartFunction {
  const parameters = { stage: "i32", part: "i32", scratch: "i32" } as const;
  const part = module.function("part", parameters, (f, { stage, part, scratch }) => {
    const choose = (from: number, to: number): void => {
      const middle = (from + to) >> 1;
      if (to - from > 1) {
        f.if(
          i32.ltU(stage, middle),
          () => choose(from, middle),
          () => choose(middle, to),
        );
      } else if (to > from) f.do(call(stages[from].run, { part, scratch }));
    };
    choose(0, stages.length);
  });
  return part;
}

/** The unit's operations, for people. */
export const nameOf = ({ records, isCopy }: Unit): string =>
  isCopy ? "copy" : [...new Set(records.map(({ primitive }) => primitive.name))].join("+");
