import type { Primitive } from "../../autograd/primitive.ts";
import { type PrimitiveName, primitives } from "../../autograd/primitives.ts";
import { promote } from "../../tensor/dtype.ts";
import { type TapeRecord, Tensor } from "../../tensor/tensor.ts";
import type { Leaf, Step } from "../step.ts";

/** What a rule may put in the place of a record, whose inputs have been rewritten already; undefined leaves it. */
export type Rule = (record: TapeRecord, rewriter: Rewriter) => Tensor | undefined;

/** Goes through the records of a step once, in order, and puts a new list together. */
export class Rewriter {
  readonly #records: TapeRecord[] = [];
  readonly #leaves: Map<Tensor, Leaf>;
  readonly #makers = new Map<Tensor, TapeRecord>();
  readonly #replaced = new Map<Tensor, Tensor>();
  readonly #rule: Rule;

  constructor(step: Step, rule: Rule) {
    this.#leaves = new Map(step.leaves);
    this.#rule = rule;
    for (const record of step.records) {
      const result = this.#apply({ ...record, inputs: record.inputs.map((t) => this.#now(t)) });
      if (result !== record.output) this.#replaced.set(record.output, result);
    }
  }

  #now(t: Tensor): Tensor {
    return this.#replaced.get(t) ?? t;
  }

  #apply(record: TapeRecord): Tensor {
    const result = this.#rule(record, this);
    if (result !== undefined) return result;
    this.#records.push(record);
    this.#makers.set(record.output, record);
    return record.output;
  }

  /** The record that made a tensor; undefined for leaves. */
  makerOf(t: Tensor): TapeRecord | undefined {
    return this.#makers.get(t);
  }

  /** The record that made a tensor, if it is of this primitive. */
  madeBy(t: Tensor, name: PrimitiveName): TapeRecord | undefined {
    const maker = this.#makers.get(t);
    return maker?.primitive.name === name ? maker : undefined;
  }

  isConstant(t: Tensor): boolean {
    return this.#leaves.get(t)?.kind === "constant";
  }

  /** The value of a constant of one element. */
  valueOf(t: Tensor): number | undefined {
    return t.size === 1 && this.isConstant(t) ? t.data[0] : undefined;
  }

  /** A new constant. */
  constant(t: Tensor): Tensor {
    this.#leaves.set(t, { kind: "constant" });
    return t;
  }

  /** The output of a new record, to which the rule has been applied. */
  make(name: PrimitiveName, inputs: readonly Tensor[], attributes: object = {}): Tensor {
    const primitive = primitives[name] as Primitive;
    const shape = primitive.shape(inputs, attributes);
    const dtype = primitive.dtype?.(inputs, attributes) ?? inputs.map((t) => t.dtype).reduce(promote);
    const output = new Tensor(null, shape, dtype);
    return this.#apply({ id: 0, primitive, inputs, attributes: attributes as TapeRecord["attributes"], output });
  }

  /** The new step. Records are numbered in their order. */
  finish(step: Step): Step {
    return {
      records: this.#records.map((record, i) => ({ ...record, id: i + 1 })),
      leaves: this.#leaves,
      outputs: step.outputs.map((t) => this.#now(t)),
      assignments: step.assignments.map((assignment) => ({ ...assignment, value: this.#now(assignment.value) })),
      checks: step.checks.map((check) => ({ ...check, flag: this.#now(check.flag), value: this.#now(check.value) })),
    };
  }
}

/** The step with a rule applied to every record. */
export const rewrite = (step: Step, rule: Rule): Step => new Rewriter(step, rule).finish(step);
