import { concat, eye, random, type Tensor, type TensorLike, tensor } from "../src/index.ts";

// Arguments of losses: what they are, ordinary values of them, the ends of their domain, and values outside it.

export type Sizes = Readonly<Record<string, number>>;

/** The axes of an argument: names of sizes, or numbers. */
export type Form = readonly (string | number)[];

/** Sizes that the names in forms stand for unless an entry says otherwise. */
export const usualSizes: Sizes = { n: 5, d: 4, classes: 4, items: 5, height: 4, width: 4, m: 3, steps: 6 };

export interface Input {
  /** The name of the function here that made it. */
  kind: string;
  /** What it is, as a reader wants it: "class indices, int32". */
  what: string;
  form: Form;
  /** Whether the loss is differentiated by it. */
  differentiable: boolean;
  /** Typical values: float64, or int32 for indices. */
  ordinary(sizes: Sizes): Tensor;
  /** Values at the ends of the domain, by what is special about them; where the loss must stay finite in float32. */
  degenerate(sizes: Sizes): Readonly<Record<string, Tensor>>;
  /** Values outside the domain, by what is wrong, which the loss must refuse with an error that names it. */
  wrong(sizes: Sizes): Readonly<Record<string, TensorLike>>;
}

export interface InputOptions {
  /** Other words for what it is. */
  what?: string;
  /** Whether the loss is differentiated by it; what that is by default depends on the kind. */
  differentiable?: boolean;
  /** Draws other ordinary values, where the usual ones lie at a kink. */
  seed?: string;
  /** The values themselves, in place of drawn ones. */
  values?: TensorLike;
  /** Further ends of the domain, or others by the same name; null leaves one out. */
  degenerate?: Readonly<Record<string, TensorLike | null>>;
  /** Further values to refuse. */
  wrong?: Readonly<Record<string, TensorLike>>;
}

export const shapeOf = (form: Form, sizes: Sizes): number[] =>
  form.map((axis) => (typeof axis === "number" ? axis : (sizes[axis] ?? usualSizes[axis])));

interface Kind {
  what: string;
  differentiable: boolean;
  dtype?: "float64" | "int32";
  draw(generator: random.Generator, shape: number[], sizes: Sizes): Tensor;
  /** Each a function of the index in the flat array. */
  degenerate?: (shape: number[], sizes: Sizes) => Record<string, (i: number) => number>;
  /** Values to put at the first place of ordinary ones. */
  wrong?: (sizes: Sizes) => Record<string, number>;
}

function input(name: string, kind: Kind, form: Form, options: InputOptions): Input {
  const dtype = kind.dtype ?? "float64";
  const given = (values: TensorLike) => tensor(values, { dtype });
  const ordinary = (sizes: Sizes) =>
    options.values === undefined
      ? kind.draw(new random.Generator(options.seed ?? name), shapeOf(form, sizes), sizes)
      : given(options.values);
  return {
    kind: name,
    what: options.what ?? kind.what,
    form,
    differentiable: options.differentiable ?? kind.differentiable,
    ordinary,
    degenerate(sizes) {
      const { shape, size } = ordinary(sizes);
      const found: Record<string, Tensor> = {};
      for (const [what, at] of Object.entries(kind.degenerate?.([...shape], sizes) ?? {})) {
        found[what] = tensor(
          Array.from({ length: size }, (_, i) => at(i)),
          { dtype, shape },
        );
      }
      for (const [what, values] of Object.entries(options.degenerate ?? {})) {
        if (values === null) delete found[what];
        else found[what] = given(values);
      }
      return found;
    },
    wrong(sizes) {
      const values = ordinary(sizes);
      const changed = (value: number) => {
        const data = Array.from(values.data);
        data[0] = value;
        return tensor(data, { dtype, shape: values.shape });
      };
      const found: Record<string, TensorLike> = { ...options.wrong };
      for (const [what, value] of Object.entries(kind.wrong?.(sizes) ?? {})) found[what] = changed(value);
      if (dtype === "int32") found["fractions where indices are meant"] = values.to("float32").add(0.5);
      return found;
    },
  };
}

const normal = (std: number) => (generator: random.Generator, shape: number[]) =>
  generator.normal(shape, { std, dtype: "float64" });

const uniform = (low: number, high: number) => (generator: random.Generator, shape: number[]) =>
  generator.uniform(shape, { low, high, dtype: "float64" });

/**
 * Any real number: logits, scores, predictions. `extreme` (1e4) is the largest magnitude at which it must be finite.
 */
export function scores(form: Form, options: InputOptions & { extreme?: number; std?: number } = {}): Input {
  const { extreme = 1e4, std = 1.5 } = options;
  const kind: Kind = {
    what: "any real number",
    differentiable: true,
    draw: normal(std),
    degenerate: () => ({
      zero: () => 0,
      "equal and large": () => extreme,
      "far apart": (i) => [extreme, -extreme, 0][i % 3],
      "far apart the other way": (i) => [-extreme, 1e-30, extreme, -extreme][i % 4],
    }),
  };
  return input("scores", kind, form, options);
}

/** What a regression predicts, and its targets: as `scores`, from other draws. */
export const targets = (form: Form, options: InputOptions & { extreme?: number; std?: number } = {}): Input =>
  scores(form, { what: "any real number", differentiable: false, seed: "targets", ...options });

/** Numbers in [0, 1], each for itself. */
export function probabilities(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "in [0, 1]",
    differentiable: true,
    draw: uniform(0.05, 0.95),
    degenerate: () => ({
      zero: () => 0,
      one: () => 1,
      certain: (i) => i % 2,
      nearly: (i) => [1e-30, 1, 1e-7, 0.5][i % 4],
    }),
    wrong: () => ({ "1.5": 1.5, "-0.5": -0.5 }),
  };
  return input("probabilities", kind, form, options);
}

/** Targets in [0, 1], each for itself. */
export const fractions = (form: Form, options: InputOptions = {}): Input =>
  probabilities(form, { differentiable: false, seed: "fractions", ...options });

/** Distributions: numbers in [0, 1] that add up to 1 along `axis` (1, or the last axis of a vector). */
export function distribution(form: Form, options: InputOptions & { axis?: number } = {}): Input {
  const axis = options.axis ?? Math.min(1, form.length - 1);
  const kind: Kind = {
    what: "distributions",
    differentiable: true,
    draw: (generator, shape) => generator.normal(shape, { dtype: "float64" }).softmax(axis),
    degenerate: (shape) => {
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const at = (i: number) => Math.floor(i / inner) % shape[axis];
      return {
        uniform: () => 1 / shape[axis],
        "one-hot": (i) => (at(i) === 0 ? 1 : 0),
        "one-hot elsewhere": (i) => (at(i) === shape[axis] - 1 ? 1 : 0),
      };
    },
    wrong: () => ({ "1.5": 1.5, "-0.5": -0.5 }),
  };
  return input("distribution", kind, form, options);
}

/** Logarithms of distributions along `axis`. */
export function logDistribution(form: Form, options: InputOptions & { axis?: number } = {}): Input {
  const axis = options.axis ?? Math.min(1, form.length - 1);
  const kind: Kind = {
    what: "log-probabilities",
    differentiable: true,
    draw: (generator, shape) => generator.normal(shape, { dtype: "float64" }).logSoftmax(axis),
    degenerate: (shape) => {
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const at = (i: number) => Math.floor(i / inner) % shape[axis];
      return { uniform: () => -Math.log(shape[axis]), "nearly one-hot": (i) => (at(i) === 0 ? 0 : -1e4) };
    },
  };
  return input("logDistribution", kind, form, options);
}

/** Numbers above 0: rates, scales, variances. `extremes` are the least and the largest at which it must be finite. */
export function positives(
  form: Form,
  options: InputOptions & { extremes?: [number, number]; refused?: boolean } = {},
): Input {
  const { extremes: [least, most] = [1e-3, 1e4], refused = true } = options;
  const kind: Kind = {
    what: "above 0",
    differentiable: true,
    draw: uniform(0.3, 3),
    degenerate: () => ({ least: () => least, most: () => most, both: (i) => (i % 2 === 0 ? least : most) }),
    wrong: () => (refused ? { "-1": -1 } : {}) as Record<string, number>,
  };
  return input("positives", kind, form, options);
}

/** Counts: 0, 1, 2, ... as floats. */
export function counts(form: Form, options: InputOptions & { most?: number } = {}): Input {
  const kind: Kind = {
    what: "counts 0, 1, 2, ...",
    differentiable: false,
    draw: (generator, shape) => generator.integers(shape, { high: 6 }).to("float64"),
    degenerate: () => ({ none: () => 0, many: () => options.most ?? 1e4 }),
    wrong: () => ({ "-1": -1 }),
  };
  return input("counts", kind, form, options);
}

/** Distances: numbers >= 0. */
export function distances(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "distances, >= 0",
    differentiable: true,
    draw: uniform(0.1, 2.5),
    degenerate: () => ({ zero: () => 0, large: () => 1e4, both: (i) => (i % 2) * 1e4 }),
  };
  return input("distances", kind, form, options);
}

/** Rows that are points in a space: the last axis of the form. */
export function embeddings(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "embeddings",
    differentiable: true,
    draw: normal(1),
    degenerate: (shape) => {
      const d = shape[shape.length - 1];
      const [row, column] = [(i: number) => Math.floor(i / d), (i: number) => i % d];
      const sign = (i: number) => (row(i) % 2 === 0 ? 1 : -1);
      return {
        same: (i) => column(i) + 1,
        zero: () => 0,
        opposite: (i) => sign(i) * (column(i) + 1),
        axes: (i) => (column(i) === row(i) % d ? sign(i) : 0),
        large: (i) => (column(i) === row(i) % d ? 1e4 * sign(i) : 0),
        tiny: (i) => (row(i) === 0 ? 0 : column(i) === 0 ? 10 ** (-10 * (1 + (row(i) % 3))) : 0),
      };
    },
  };
  return input("embeddings", kind, form, options);
}

/** Lower triangular matrices with a diagonal above 0, on the last two axes: Cholesky factors. */
export function lowerTriangular(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "lower triangular matrices, the diagonal above 0",
    differentiable: true,
    draw: (generator, shape) => {
      const values = generator.normal(shape, { std: 0.5, dtype: "float64" }).tril(-1);
      return values.add(eye(shape[shape.length - 1], { dtype: "float64" }).mul(0.8));
    },
    degenerate: (shape) => {
      const d = shape[shape.length - 1];
      const onDiagonal = (i: number) => Math.floor(i / d) % d === i % d;
      return { small: (i) => (onDiagonal(i) ? 1e-3 : 0), large: (i) => (onDiagonal(i) ? 1e4 : 0) };
    },
    wrong: () => ({ "a diagonal of -1": -1 }),
  };
  return input("lowerTriangular", kind, form, options);
}

/** Class indices 0 .. classes - 1, int32. `classes` names the size that counts them. */
export function labels(form: Form, options: InputOptions & { classes?: string } = {}): Input {
  const count = (sizes: Sizes) => shapeOf([options.classes ?? "classes"], sizes)[0];
  const kind: Kind = {
    what: "class indices, int32",
    differentiable: false,
    dtype: "int32",
    draw: (generator, shape, sizes) => generator.integers(shape, { high: count(sizes) }),
    degenerate: (_, sizes) => ({ "one class": () => 0, "the last class": () => count(sizes) - 1 }),
    wrong: (sizes) => ({ "a label beyond the last class": count(sizes), "a label of -1": -1 }),
  };
  return input("labels", kind, form, options);
}

/** Labels of groups, any int32: who belongs together. Ordinary ones have two rows of most groups, and a single. */
export function groups(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "labels, int32",
    differentiable: false,
    dtype: "int32",
    draw: (_, shape) =>
      tensor(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => [3, 1, 3, 1, 7, 1][i % 6]),
        { dtype: "int32", shape },
      ),
    degenerate: () => ({ "one group": () => 2, "no two alike": (i) => i }),
  };
  return input("groups", kind, form, options);
}

const twoValued = (low: number, what: string, hint: Record<string, number>): Kind => ({
  what,
  differentiable: false,
  draw: (generator, shape) =>
    generator
      .integers(shape, { high: 2 })
      .to("float64")
      .mul(1 - low)
      .add(low),
  degenerate: () => ({ "all 1": () => 1, [`all ${low}`]: () => low, alternating: (i) => (i % 2 === 0 ? 1 : low) }),
  wrong: () => hint,
});

/** Targets 0 and 1. */
export const binary = (form: Form, options: InputOptions = {}): Input =>
  input("binary", twoValued(0, "0 or 1", { "-1 where {0, 1} is meant": -1, "0.5": 0.5 }), form, options);

/** Targets 1 and -1. */
export const signs = (form: Form, options: InputOptions = {}): Input =>
  input("signs", twoValued(-1, "1 or -1", { "0 where +-1 is meant": 0 }), form, options);

/** By index: a list with nothing relevant, one of padding alone, then others. */
const mixedLists =
  (shape: readonly number[]) =>
  (i: number): number =>
    [0, -1][Math.floor(i / shape[shape.length - 1])] ?? (i % 3 === 0 ? 1 : 0);

/** Graded relevance of the items of lists, >= 0, and -1 for padding. */
export function relevance(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "relevance, >= 0; -1 is padding",
    differentiable: false,
    draw: (generator, shape) => generator.integers(shape, { high: 4 }).to("float64"),
    degenerate: (shape) => ({
      "none relevant": () => 0,
      "all alike": () => 2,
      "one relevant": (i) => (i % 5 === 0 ? 1 : 0),
      "some padding": (i) => [2, -1, 0, 1][i % 4],
      "all padding": () => -1,
      "lists of all kinds": mixedLists(shape),
    }),
    wrong: () => ({ "-2": -2 }),
  };
  return input("relevance", kind, form, options);
}

/** Which items of lists were clicked, 1 or 0, and -1 for padding. */
export function clicks(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "1 or 0; -1 is padding",
    differentiable: false,
    draw: (generator, shape) => generator.integers(shape, { high: 2 }).to("float64"),
    degenerate: (shape) => ({
      "none clicked": () => 0,
      "all clicked": () => 1,
      "some padding": (i) => [1, -1, 0][i % 3],
      "all padding": () => -1,
      "lists of all kinds": mixedLists(shape),
    }),
    wrong: () => ({ "2": 2, "0.5": 0.5, "-2": -2 }),
  };
  return input("clicks", kind, form, options);
}

/** Boxes x1, y1, x2, y2 on the last axis, x1 <= x2 and y1 <= y2. */
export function boxes(form: Form, options: InputOptions = {}): Input {
  const kind: Kind = {
    what: "boxes x1, y1, x2, y2",
    differentiable: true,
    draw: (generator, shape) => {
      const corners = [...shape.slice(0, -1), 2];
      const first = generator.uniform(corners, { high: 1.5, dtype: "float64" });
      return concat([first, first.add(generator.uniform(corners, { low: 0.8, high: 2.5, dtype: "float64" }))], -1);
    },
    degenerate: () => ({
      "all one box": (i) => [1, 1, 3, 2][i % 4],
      "empty boxes": () => 1,
      "without height": (i) => [0, 1, 2, 1][i % 4],
      "far away": (i) => [9e3, 9e3, 1e4, 1e4][i % 4],
    }),
  };
  return input("boxes", kind, form, options);
}

/** Anything else: fixed values, with what is degenerate and what is wrong listed in the options. */
export const fixed = (
  form: Form,
  options: InputOptions & { what: string; values: TensorLike; dtype?: "float64" | "int32" },
): Input =>
  input("fixed", { what: options.what, differentiable: false, dtype: options.dtype, draw: normal(1) }, form, options);
