import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import type { Loops } from "../fusion/groups.ts";
import type { Addresses, Kernel, Stage } from "../kernel.ts";
import { LoopEmitter } from "./loop-emitter.ts";
import { LoopPlan } from "./loop-plan.ts";

/**
 * The kernel of a group of fused records: one nest of loops.
 *
 * The outer loops run over the kept dimensions of the group's domain. For each position there, the inner loops run over
 * the reduced dimensions once for each level: level 0 computes what needs no reduction and the reductions of it, level
 * 1 what needs those, and so on. A value that a later level needs again is computed again, or saved if that is dearer.
 *
 * The elements of a vector lie along the last dimension. Where it is reduced, the vectors of a row are folded into one
 * at the end; where it is kept, each lane is a row of its own.
 */

export interface LoopKernel extends Kernel {
  /** What it reads, in the order of `Addresses.inputs`. */
  readonly loads: readonly Tensor[];
  /** What it writes, in the order of `Addresses.outputs`. */
  readonly stores: readonly Tensor[];
  /** Whether every element is read in one go, before anything is written in its place. */
  readonly readsOnce: boolean;
}

/** `stores` are the values that others need; `constantOf` gives the value of a tensor of one element if it is known. */
export function loopKernel(
  group: Loops,
  stores: readonly Tensor[],
  constantOf: (t: Tensor) => number | undefined,
): LoopKernel {
  const plan = new LoopPlan(group, stores, constantOf);
  const main: Stage = {
    parts: plan.parts,
    emit: (module, f, part, at) => new LoopEmitter(plan, module, f, at).emit(part),
  };
  const combination: Stage = {
    parts: 1,
    emit: (module, f, _, at) => new LoopEmitter(plan, module, f, at).emitCombination(),
  };
  return {
    loads: plan.loads.map(({ t }) => t),
    stores,
    readsOnce: group.reduced.length === 0,
    stages: plan.partial ? [main, combination] : [main],
    scratchBytes: plan.scratchBytes,
    temporaryBytes: plan.partial ? 8 * plan.parts * plan.reductions.length : 0,
    operations: operationsOf(group),
  };
}

const operationsOf = ({ records, domain }: Loops): number => records.length * sizeOf(domain);

/** The loops of a group that follow another kernel row by row, while its output is in the cache. */
export interface Epilogue {
  readonly loads: readonly Tensor[];
  readonly stores: readonly Tensor[];
  readonly operations: number;
  /** Appends the code for rows `first` to `last` (not included) of the first axis. */
  emit(module: Module, f: FunctionBuilder, first: Local<"i32">, last: Local<"i32">, at: Addresses): void;
}

/** A group without reductions as an epilogue. */
export function epilogueOf(
  group: Loops,
  stores: readonly Tensor[],
  constantOf: (t: Tensor) => number | undefined,
): Epilogue {
  const plan = new LoopPlan(group, stores, constantOf, true);
  return {
    loads: plan.loads.map(({ t }) => t),
    stores,
    operations: operationsOf(group),
    emit: (module, f, first, last, at) => new LoopEmitter(plan, module, f, at).emitRows(first, last),
  };
}
