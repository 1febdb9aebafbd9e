// What TensorFlow.js gives where naive forms of losses break: writes numerics-tfjs.json beside itself.
//
//   npm install --no-save @tensorflow/tfjs@4.22.0 && node test/golden/numerics-tfjs.mjs
//
// The entries are those of numerics.py.

import { writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";

await tf.setBackend("cpu");
const row = (...values) => tf.tensor2d([values]);
const number = (v) => (Number.isFinite(v) ? Number(v.toPrecision(6)) : String(v));
const entries = [];

function entry(of, call, fn, x) {
  const value = fn(x).sum().dataSync()[0];
  const gradient = tf.grad((t) => fn(t).sum())(x).dataSync();
  const library = `@tensorflow/tfjs ${tf.version.tfjs}`;
  entries.push({ case: of, library, call, value: number(value), gradients: [Array.from(gradient, number)] });
}

entry("categoricalMiss", "categoricalCrossentropy of softmax([-100, 100]), class 0", (x) => tf.metrics.categoricalCrossentropy(row(1, 0), x.softmax()), row(-100, 100));
entry("probabilityMiss", "binaryCrossentropy(p = 1e-10, y = 1)", (p) => tf.metrics.binaryCrossentropy(row(1), p), row(1e-10));
entry("cosineUnnormalised", "losses.cosineDistance([3, 4], [3, 4])", (x) => tf.losses.cosineDistance(row(3, 4), x, 1), row(3, 4));


writeFileSync(new URL("numerics-tfjs.json", import.meta.url), `[\n${entries.map((e) => JSON.stringify(e)).join(",\n")}\n]\n`);
console.log(`${entries.length} entries`);
