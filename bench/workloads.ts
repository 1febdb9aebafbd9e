/**
 * The training steps that tapegrad and its peers are timed on, one table for all. A step is the forward pass, the
 * backward pass, the optimizer's update, and the loss read back as a number.
 */
export const workloads = {
  /** Hardly any arithmetic: what an operation costs. */
  "mlp-tiny": { kind: "mlp", batch: 64, layers: [2, 16, 16, 1], loss: "bce", optimizer: "sgd", steps: 300 },
  "mlp-small": { kind: "mlp", batch: 64, layers: [64, 128, 64, 10], loss: "ce", optimizer: "adam", steps: 200 },
  /** The classic MNIST multilayer perceptron. */
  "mlp-medium": { kind: "mlp", batch: 128, layers: [784, 512, 256, 10], loss: "ce", optimizer: "adam", steps: 40 },
  /** conv 3x3 (1 -> 16), relu, pool, conv 3x3 (16 -> 32), relu, pool, linear (1568 -> 10). */
  "cnn-mnist": { kind: "cnn", batch: 64, image: [1, 28, 28], channels: [16, 32], classes: 10, steps: 15 },
  /** linear (512 -> 64), unit length, cosines to 1000 centres, additive angular margin, cross-entropy. */
  arcface: {
    kind: "arcface",
    batch: 128,
    features: 512,
    embedding: 64,
    classes: 1000,
    scale: 64,
    margin: 0.5,
    steps: 40,
  },
  /** Focal loss on a dense map, value and gradient, no model. */
  "focal-dense": { kind: "focal", shape: [1024, 1024], gamma: 2, alpha: 0.25, steps: 10 },
  /** Cross-entropy from logits, value and gradient, no model. */
  "ce-wide": { kind: "celoss", shape: [1024, 1000], steps: 20 },
} as const;

export type WorkloadName = keyof typeof workloads;

/**
 * mulberry32: a generator of 32 bits that every peer can have in a few lines, so that all train on the same numbers.
 */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n numbers uniform on [-scale, scale). */
export function floats(n: number, seed: number, scale = 1): Float32Array {
  const next = mulberry32(seed);
  return Float32Array.from({ length: n }, () => (next() * 2 - 1) * scale);
}

/** n whole numbers 0, ..., k - 1. */
export function integers(n: number, seed: number, k: number): Int32Array {
  const next = mulberry32(seed);
  return Int32Array.from({ length: n }, () => Math.floor(next() * k));
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

export interface Timing {
  peer: string;
  workload: string;
  /** Median milliseconds a step. */
  ms?: number;
  /** The loss at the first and the last step, to see that the work was done. */
  first?: number;
  last?: number;
  error?: string;
}

/** Times `step`, which returns the loss, after a fifth as many warm-up steps. */
export function timeSteps(peer: string, workload: string, steps: number, step: () => number): Timing {
  const first = step();
  for (let i = 1; i < Math.max(3, Math.ceil(steps / 5)); i++) step();
  const times: number[] = [];
  let last = first;
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    last = step();
    times.push(performance.now() - start);
  }
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  return { peer, workload, ms: round(median(times), 4), first: round(first, 5), last: round(last, 5) };
}
