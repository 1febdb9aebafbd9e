import { type Primitive, run } from "../../autograd/primitive.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Step } from "../step.ts";
import { rewrite } from "./rewriter.ts";

/** Elements of the largest constant that is worth computing while compiling, and keeping. */
const mostElements = 1 << 16;

/**
 * The step with operations on constants alone done. A constant that is the same everywhere is kept as one element and
 * repeated, so that operations on it are folded as well and cost no memory.
 */
export function foldConstants(step: Step): Step {
  const uniform = new Map<Tensor, Tensor>();
  return rewrite(step, (record, rewriter) => {
    const { primitive, attributes, output } = record;
    const inputs = record.inputs.map((t) => {
      if (t.size <= 1 || !rewriter.isConstant(t) || !isUniform(t)) return t;
      let one = uniform.get(t);
      if (one === undefined) {
        one = rewriter.constant(new Tensor(t.data.slice(0, 1), [], t.dtype));
        uniform.set(t, one);
      }
      return rewriter.make("broadcastTo", [one], { shape: t.shape });
    });
    if (inputs.some((t, i) => t !== record.inputs[i])) {
      return rewriter.make(primitive.name as never, inputs, attributes);
    }
    const grows = primitive.name === "broadcastTo" || output.size > mostElements;
    if (grows || inputs.length === 0 || !inputs.every((t) => rewriter.isConstant(t))) return undefined;
    return rewriter.constant(run(primitive as Primitive, inputs, attributes, output.shape, output.dtype));
  });
}

function isUniform({ data }: Tensor): boolean {
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return false;
  return true;
}
