import { mul } from "../autograd/elementwise.ts";
import { matmul } from "../autograd/linear.ts";
import { reshape, sum, transpose } from "../autograd/movement.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { diagonal, squeeze } from "./shapes.ts";

/** The inner product of two vectors, a scalar. */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  const x = asTensor(a);
  const y = asTensor(b);
  if (x.ndim !== 1 || y.ndim !== 1)
    throw new ShapeError("dot", `needs two vectors, got ${formatShape(x.shape)} and ${formatShape(y.shape)}`);
  return matmul(x, y);
}

/** All products of an element of a with one of b: [n], [m] -> [n, m]. */
export function outer(a: TensorLike, b: TensorLike): Tensor {
  return mul(reshape(a, [-1, 1]), reshape(b, [1, -1]));
}

/**
 * Sums of products by index names: `einsum("bij,bjk->bik", a, b)`. A name repeated in one term takes its diagonal;
 * names missing from the result are summed; without "->" the result has the names that occur once, in alphabetical
 * order. "..." stands for any leading axes, which broadcast. Operands are contracted from the left, each pair by one
 * batched matrix product.
 */
export function einsum(equation: string, ...operands: TensorLike[]): Tensor {
  const tensors = operands.map((t) => asTensor(t));
  const [left, right, ...more] = String(equation).replaceAll(" ", "").split("->");
  const fail = (message: string): never => {
    throw new ShapeError("einsum", `"${equation}": ${message}`);
  };
  if (more.length > 0) fail('has more than one "->"');
  const strange = `${left}${right ?? ""}`.replaceAll("...", "").match(/[^A-Za-z,]/);
  if (strange) fail(`has "${strange[0]}", which is not the name of an axis: those are letters`);
  const written = left.split(",");
  if (written.length !== tensors.length) fail(`names ${written.length} operands, but ${tensors.length} were given`);

  // Each axis behind an ellipsis gets a digit for a name, counted from the right, so that they align as in
  // broadcasting.
  const terms = written.map((term, i) => {
    const named = term.replace("...", "").length;
    const hidden = tensors[i].ndim - named;
    if (term.includes("...") ? hidden < 0 : hidden !== 0) {
      fail(`"${term}" names ${named} axes, but operand ${i} has shape ${formatShape(tensors[i].shape)}`);
    }
    const digits = Array.from({ length: hidden }, (_, k) => String(hidden - 1 - k)).join("");
    const names = term.replace("...", digits);
    return names;
  });
  const all = terms.join("");
  const hidden = [...new Set(all.replace(/[^0-9]/g, ""))].sort().reverse().join("");
  const once = [...new Set(all)].filter((name) => /[A-Za-z]/.test(name) && all.split(name).length === 2).sort();
  const result = right === undefined ? hidden + once.join("") : right.replace("...", hidden);
  for (const name of result) {
    if (!all.includes(name)) fail(`"${name}" is in the result but in no operand`);
    if (result.split(name).length > 2) fail(`"${name}" is in the result twice`);
  }

  const sizes = new Map<string, number>();
  const parts = terms.map((term, i) => {
    let t = tensors[i];
    let names = term;
    for (const name of new Set(term)) {
      while (names.split(name).length > 2) [names, t] = takeDiagonal(names, t, name, fail);
    }
    for (const [axis, name] of [...names].entries()) {
      const size = t.shape[axis];
      const known = sizes.get(name) ?? 1;
      if (known !== 1 && size !== 1 && known !== size) fail(`"${name}" has size ${known} and ${size}`);
      sizes.set(name, size === 1 ? known : size);
    }
    return { names, t };
  });

  // Axes of size 1 that stretch are dropped: broadcasting a factor is leaving its name out.
  let [current, ...rest] = parts.map(({ names, t }) => {
    const stretched = [...names].flatMap((name, axis) => (t.shape[axis] === 1 && sizes.get(name) !== 1 ? [axis] : []));
    return { names: [...names].filter((_, axis) => !stretched.includes(axis)).join(""), t: squeeze(t, stretched) };
  });
  while (rest.length > 0) {
    const [next, ...later] = rest;
    const needed = result + later.map(({ names }) => names).join("");
    current = contract(current, next, needed, sizes);
    rest = later;
  }
  const extra = [...current.names].flatMap((name, axis) => (result.includes(name) ? [] : [axis]));
  const kept = [...current.names].filter((name) => result.includes(name));
  const summed = extra.length > 0 ? sum(current.t, extra) : current.t;
  return transpose(
    summed,
    [...result].map((name) => kept.indexOf(name)),
  );
}

interface Named {
  names: string;
  t: Tensor;
}

function takeDiagonal(names: string, t: Tensor, name: string, fail: (message: string) => never): [string, Tensor] {
  const i = names.indexOf(name);
  const j = names.indexOf(name, i + 1);
  if (t.shape[i] !== t.shape[j]) fail(`"${name}" has size ${t.shape[i]} and ${t.shape[j]}`);
  const others = [...names].flatMap((_, axis) => (axis === i || axis === j ? [] : [axis]));
  return [others.map((axis) => names[axis]).join("") + name, diagonal(transpose(t, [...others, i, j]))];
}

/** Multiplies two named tensors and sums over the names that nobody needs any more, as one batched matrix product. */
function contract(a: Named, b: Named, needed: string, sizes: ReadonlyMap<string, number>): Named {
  const isIn = (names: string) => (name: string) => names.includes(name);
  const [x, y] = [
    reduceTo(
      a,
      [...a.names].filter((n) => b.names.includes(n) || needed.includes(n)),
    ),
    reduceTo(
      b,
      [...b.names].filter((n) => a.names.includes(n) || needed.includes(n)),
    ),
  ];
  const shared = [...x.names].filter(isIn(y.names));
  const batch = shared.filter(isIn(needed));
  const inner = shared.filter((name) => !needed.includes(name));
  const rows = [...x.names].filter((name) => !y.names.includes(name));
  const cols = [...y.names].filter((name) => !x.names.includes(name));
  const count = (names: readonly string[]) => names.reduce((n, name) => n * sizes.get(name)!, 1);
  const arranged = (part: Named, order: readonly string[][]) =>
    reshape(
      transpose(
        part.t,
        order.flat().map((name) => part.names.indexOf(name)),
      ),
      order.map(count),
    );
  const product = matmul(arranged(x, [batch, rows, inner]), arranged(y, [batch, inner, cols]));
  const names = [...batch, ...rows, ...cols];
  return {
    names: names.join(""),
    t: reshape(
      product,
      names.map((name) => sizes.get(name)!),
    ),
  };
}

function reduceTo({ names, t }: Named, kept: readonly string[]): Named {
  const gone = [...names].flatMap((name, axis) => (kept.includes(name) ? [] : [axis]));
  return gone.length === 0 ? { names, t } : { names: kept.join(""), t: sum(t, gone) };
}
