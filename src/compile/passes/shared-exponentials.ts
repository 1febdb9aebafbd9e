import type { PrimitiveName } from "../../autograd/primitives.ts";
import { scalar, type Tensor } from "../../tensor/tensor.ts";
import type { Step } from "../step.ts";
import { ofNonPositive, ofUnit } from "./ranges.ts";
import { type Rewriter, rewrite } from "./rewriter.ts";

/**
 * The step with sigmoid and softplus of one x, and of -x, written over the same e^-|x|, where there are several of
 * them:
 *
 *     e = exp(-|x|), r = 1 / (1 + e)
 *     sigmoid(x) = r where x >= 0, else e r        sigmoid(-x) = e r where x >= 0, else r
 *     softplus(x) = max(x, 0) + log1p(e)           softplus(-x) = max(-x, 0) + log1p(e)
 *
 * A loss and its gradient ask for most of these at each element. Common subexpressions are merged afterwards. The
 * sigmoid is within 2.5 units in the last place, where the function of its own is within 1.9.
 */
export function shareExponentials(step: Step): Step {
  const uses = new Map<Tensor, Set<string>>();
  const negated = new Map<Tensor, Tensor>();
  for (const { primitive, inputs, output } of step.records) {
    if (primitive.name === "neg") negated.set(output, inputs[0]);
  }
  const argumentOf = (t: Tensor): Tensor => negated.get(t) ?? t;
  for (const { primitive, inputs } of step.records) {
    if (primitive.name !== "sigmoid" && primitive.name !== "softplus") continue;
    const x = argumentOf(inputs[0]);
    if (!uses.has(x)) uses.set(x, new Set());
    uses.get(x)!.add(`${primitive.name} ${x === inputs[0]}`);
  }
  return rewrite(step, ({ primitive, inputs: [y] }, rewriter) => {
    if (primitive.name !== "sigmoid" && primitive.name !== "softplus") return undefined;
    const x = rewriter.madeBy(y, "neg")?.inputs[0] ?? y;
    if ((uses.get(x)?.size ?? 0) < 2) return undefined;
    return (primitive.name === "sigmoid" ? sigmoid : softplus)(rewriter, x, y);
  });
}

function parts(rewriter: Rewriter, x: Tensor) {
  const make = (name: PrimitiveName, ...inputs: Tensor[]) => rewriter.make(name, inputs);
  const number = (value: number) => rewriter.constant(scalar(value, x.dtype));
  return { make, number, e: rewriter.make("exp", [make("neg", make("abs", x))], ofNonPositive) };
}

function sigmoid(rewriter: Rewriter, x: Tensor, y: Tensor): Tensor {
  const { make, number, e } = parts(rewriter, x);
  const r = make("reciprocal", make("add", e, number(1)));
  const isPositive = make("ge", x, number(0));
  const small = make("mul", e, r);
  return x === y ? make("where", isPositive, r, small) : make("where", isPositive, small, r);
}

function softplus(rewriter: Rewriter, x: Tensor, y: Tensor): Tensor {
  const { make, e } = parts(rewriter, x);
  return make("add", make("relu", y), rewriter.make("log1p", [e], ofUnit));
}
