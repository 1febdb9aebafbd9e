import { zeros } from "../tensor/creation.ts";
import { isFloat } from "../tensor/dtype.ts";
import { AutogradError, DTypeError, ShapeError, ValueError } from "../tensor/errors.ts";
import { expectFunction, expectPositive, resolve } from "../tensor/options.ts";
import { Generator } from "../tensor/random.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { asTensor, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { grad } from "./backward.ts";
import { concat, reshape } from "./movement.ts";
import { noGrad, recordingAs } from "./primitive.ts";

/** A copy of x as a new leaf that requires gradients, and what fn makes of it. */
function evaluate(where: string, fn: (x: Tensor) => Tensor, x: TensorLike): [leaf: Tensor, y: Tensor] {
  expectFunction(where, "fn", fn);
  const leaf = leafOf(asTensor(x, undefined, where, "x"));
  const y = fn(leaf);
  if (!(y instanceof Tensor)) throw new ValueError(where, `fn must return a tensor, got ${String(y)}`);
  return [leaf, y];
}

function leafOf(t: Tensor): Tensor {
  const leaf = new Tensor(t.data.slice(), t.shape, t.dtype);
  leaf.requiresGrad = true;
  return leaf;
}

/** The gradient of fn's output at x with the cotangent v: v^T J. Of the shape of x. */
export function vjp(fn: (x: Tensor) => Tensor, x: TensorLike, v: TensorLike): Tensor {
  const [leaf, y] = evaluate("vjp", fn, x);
  if (!y.requiresGrad) return zeros(leaf.shape, { dtype: leaf.dtype });
  return grad(y, leaf, { gradOutput: v, allowUnused: true })[0];
}

/**
 * The change of fn's output at x in direction v: J v. Of the shape of fn(x).
 *
 * u -> u^T J is linear in u, so its own vjp with the cotangent v is J v: reverse mode twice gives forward mode.
 */
export function jvp(fn: (x: Tensor) => Tensor, x: TensorLike, v: TensorLike): Tensor {
  const [leaf, y] = evaluate("jvp", fn, x);
  const direction = asTensor(v, undefined, "jvp", "v");
  if (!sameShape(direction.shape, leaf.shape)) {
    throw new ShapeError("jvp", `v has shape ${formatShape(direction.shape)}, but x ${formatShape(leaf.shape)}`);
  }
  if (!y.requiresGrad) return zeros(y.shape, { dtype: y.dtype });
  const u = leafOf(zeros(y.shape, { dtype: y.dtype }));
  const [pulledBack] = grad(y, leaf, { gradOutput: u, createGraph: true, allowUnused: true });
  if (!pulledBack.requiresGrad) return zeros(y.shape, { dtype: y.dtype });
  return grad(pulledBack, u, { gradOutput: direction, allowUnused: true })[0];
}

/** All partial derivatives: shape [...fn(x).shape, ...x.shape]. One backward pass for each element of the output. */
export function jacobian(fn: (x: Tensor) => Tensor, x: TensorLike): Tensor {
  const [leaf, y] = evaluate("jacobian", fn, x);
  return jacobianOf(y, leaf);
}

function jacobianOf(y: Tensor, x: Tensor): Tensor {
  const rows: Tensor[] = [];
  for (let i = 0; i < y.size; i++) {
    const one = zeros(y.shape, { dtype: y.dtype });
    one.data[i] = 1;
    rows.push(
      y.requiresGrad
        ? grad(y, x, { gradOutput: one, retainGraph: true, allowUnused: true })[0]
        : zeros(x.shape, { dtype: x.dtype }),
    );
  }
  if (rows.length === 0) return zeros([...y.shape, ...x.shape], { dtype: x.dtype });
  return reshape(concat(rows.map((row) => reshape(row, [1, -1]))), [...y.shape, ...x.shape]);
}

/** All second derivatives of a function with one output value: shape [...x.shape, ...x.shape]. */
export function hessian(fn: (x: Tensor) => Tensor, x: TensorLike): Tensor {
  const [leaf, y] = evaluate("hessian", fn, x);
  if (y.size !== 1) throw new AutogradError("hessian", `fn must return one value, got shape ${formatShape(y.shape)}`);
  if (!y.requiresGrad) return zeros([...leaf.shape, ...leaf.shape], { dtype: leaf.dtype });
  const [g] = grad(y, leaf, { createGraph: true, allowUnused: true });
  return jacobianOf(g, leaf);
}

export interface GradcheckOptions {
  /** Step of the central difference. */
  epsilon?: number;
  atol?: number;
  rtol?: number;
}

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/**
 * Compares the gradients of fn with central differences, for every element of every float input and output.
 *
 * The inputs are copied to float64. Passes where |analytic - numeric| <= atol + rtol |numeric|.
 * Defaults: epsilon 1e-6, atol 1e-5, rtol 1e-3. Returns true, or throws an AutogradError that says where they differ,
 * and a DTypeError when no input is float: there would be nothing to check.
 */
export function gradcheck(fn: Checked, inputs: TensorLike | readonly Tensor[], options: GradcheckOptions = {}): true {
  const { epsilon, atol, rtol } = resolve("gradcheck", options, { epsilon: 1e-6, atol: 1e-5, rtol: 1e-3 });
  for (const [name, value] of Object.entries({ epsilon, atol, rtol })) expectPositive("gradcheck", name, value);
  const leaves = leavesOf("gradcheck", fn, inputs);
  const outputs = listOf("gradcheck", fn(...leaves));
  const values = () => noGrad(() => listOf("gradcheck", fn(...leaves)).map(({ data }) => Float64Array.from(data)));
  leaves.forEach((leaf, k) => {
    if (!leaf.requiresGrad) return;
    const analytic = outputs.map((y) => jacobianOf(y, leaf).data);
    for (let j = 0; j < leaf.size; j++) {
      const x = leaf.data[j];
      leaf.data[j] = x + epsilon;
      const above = values();
      leaf.data[j] = x - epsilon;
      const below = values();
      leaf.data[j] = x;
      outputs.forEach((y, o) => {
        for (let i = 0; i < y.size; i++) {
          const numeric = (above[o][i] - below[o][i]) / (2 * epsilon);
          const found = analytic[o][i * leaf.size + j];
          if (!(Math.abs(found - numeric) <= atol + rtol * Math.abs(numeric))) {
            throw new AutogradError(
              "gradcheck",
              `d output${outputs.length > 1 ? o : ""}[${i}] / d input${k}[${j}] is ${found}, but the central difference is ${numeric} (input ${x})`,
            );
          }
        }
      });
    }
  });
  return true;
}

/** `gradcheck` of the gradients of fn themselves, with random cotangents: checks second derivatives. */
export function gradgradcheck(
  fn: Checked,
  inputs: TensorLike | readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  const leaves = leavesOf("gradgradcheck", fn, inputs);
  const generator = new Generator("gradgradcheck");
  const cotangents = listOf("gradcheck", fn(...leaves)).map((y) => generator.normal(y.shape, { dtype: "float64" }));
  const gradients = (...all: Tensor[]): Tensor[] => {
    const xs = all.slice(0, leaves.length);
    const wanted = xs.filter((x) => x.requiresGrad);
    return listOf("gradgradcheck", fn(...xs)).flatMap((y, o) =>
      y.requiresGrad
        ? grad(y, wanted, { gradOutput: all[leaves.length + o], createGraph: true, allowUnused: true })
        : [],
    );
  };
  // The gradients must be recorded even though gradcheck evaluates its differences inside noGrad.
  return gradcheck((...all) => recordingAs(true, () => gradients(...all)), [...leaves, ...cotangents], options);
}

function listOf(where: string, outputs: Tensor | readonly Tensor[]): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(outputs) ? outputs : [outputs];
  const other = list.find((output) => !(output instanceof Tensor));
  if (other !== undefined)
    throw new AutogradError(where, `fn must return a tensor or a list of them, got ${String(other)}`);
  return list as readonly Tensor[];
}

function leavesOf(where: string, fn: Checked, inputs: TensorLike | readonly Tensor[]): Tensor[] {
  expectFunction(where, "fn", fn);
  const list = Array.isArray(inputs) && inputs.some((x) => x instanceof Tensor) ? inputs : [inputs];
  const tensors = (list as readonly TensorLike[]).map((input) => asTensor(input, undefined, where, "inputs"));
  if (!tensors.some((t) => isFloat(t.dtype))) {
    throw new DTypeError(
      where,
      `inputs must have a float tensor to check, got ${tensors.map((t) => t.dtype).join(", ") || "none"}; convert with to("float64")`,
    );
  }
  return tensors.map((t) => (isFloat(t.dtype) ? leafOf(new Tensor(Float64Array.from(t.data), t.shape, "float64")) : t));
}
