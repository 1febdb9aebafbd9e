import type { Primitive } from "../autograd/primitive.ts";
import { promote } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { results, type Step } from "./step.ts";

/**
 * Throws an Error unless the step is sound: every input is a leaf or made by an earlier record, every output is made
 * once and has the shape and dtype that its primitive's rules give, and everything that the step delivers is there.
 */
export function verify(step: Step): void {
  const known = new Set<Tensor>(step.leaves.keys());
  let last = Number.NEGATIVE_INFINITY;
  for (const [i, { id, primitive, inputs, attributes, output }] of step.records.entries()) {
    const fail = (what: string): never => {
      throw new Error(`record ${i}, ${primitive.name}: ${what}`);
    };
    if (id <= last) fail(`its number ${id} is not above that of the record before, ${last}`);
    last = id;
    for (const [k, input] of inputs.entries()) if (!known.has(input)) fail(`input ${k} is made nowhere before`);
    if (known.has(output)) fail("its output is there already");
    known.add(output);
    const rules = primitive as Primitive;
    const shape = rules.shape(inputs, attributes);
    if (!sameShape(shape, output.shape)) fail(`has shape ${formatShape(output.shape)}, not ${formatShape(shape)}`);
    const dtype = rules.dtype?.(inputs, attributes) ?? inputs.map((t) => t.dtype).reduce(promote);
    if (dtype !== output.dtype) fail(`is ${output.dtype}, not ${dtype}`);
  }
  for (const t of results(step)) if (!known.has(t)) throw new Error(`a result ${formatShape(t.shape)} is made nowhere`);
  for (const { target, value } of step.assignments) {
    if (target.size !== value.size) throw new Error(`a state of ${target.size} elements is assigned ${value.size}`);
    const isState = [...step.leaves.values()].some((leaf) => leaf.kind === "state" && leaf.storage === target);
    if (!isState) throw new Error("a state is assigned to that is no leaf");
  }
}
