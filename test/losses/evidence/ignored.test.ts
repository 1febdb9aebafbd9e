import { describe, expect, test } from "vitest";
import { type Entry, lossOf } from "../../../registry/entry.ts";
import { entries } from "../../../registry/index.ts";
import { grad, type Tensor, tensor } from "../../../src/index.ts";
import { ordinary, seeded } from "./arguments.ts";

const classAxis = ({ inputs }: Entry): number => Object.values(inputs)[0].form.indexOf("classes");

/** Ordinary arguments, with labels in place of probabilities, of which the first is `ignored`. */
function withIgnored(entry: Entry, ignored: number): Tensor[] {
  const values = ordinary(entry);
  const labelled = Object.values(entry.inputs).findIndex(({ kind }) => kind === "labels");
  const at = labelled < 0 ? 1 : labelled;
  const labels = labelled < 0 && classAxis(entry) > 0 ? values[at].argmax(classAxis(entry)) : values[at];
  const data = labels.data.slice();
  data[0] = ignored;
  return values.with(at, tensor(data, { shape: labels.shape }));
}

/** Which elements of the logits belong to the first label: those at 0 on all axes but that of the classes. */
function ofFirst({ shape, size }: Tensor, axis: number): boolean[] {
  const inner = axis < 0 ? 1 : shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const classes = axis < 0 ? 1 : shape[axis];
  return Array.from({ length: size }, (_, i) => i % inner === 0 && i < classes * inner);
}

describe("what has the label to ignore counts for nothing:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (!("ignoreIndex" in entry.options)) continue;
    test(name, () => {
      for (const ignored of [-100, -1]) {
        const given = ignored === -100 ? {} : { ignoreIndex: ignored };
        const aligned = "causal" in entry.options ? { causal: false } : {};
        const options = { ...entry.required, ...given, ...aligned };
        const values = withIgnored(entry, ignored);
        const first = ofFirst(values[0], classAxis(entry));
        const leaf = tensor(values[0], { requiresGrad: true });
        const value = lossOf(name)(...values.with(0, leaf), options);
        const [gradient] = grad(value.sum(), [leaf]);
        expect([...gradient.data].filter((_, i) => first[i]).every((g) => g === 0)).toBe(true);
        const moved = tensor(
          values[0].data.map((v, i) => (first[i] ? 0.37 : v)),
          { shape: leaf.shape },
        );
        expect(lossOf(name)(...values.with(0, moved), options).toArray()).toEqual(value.toArray());
      }
    });
  }
});

describe("what a mask leaves out counts for nothing, whatever it is:", () => {
  for (const [name, entry] of Object.entries(entries)) {
    if (!("mask" in entry.options) || name === "crf" || name === "sampledSoftmax") continue; // these have tests of their own
    test(name, () => {
      const values = ordinary(entry);
      const { shape } = values[0];
      const [n, items] = shape;
      const each = values[0].size / (n * items);
      const mask = tensor(
        Array.from({ length: n * items }, (_, i) => i % items !== 1),
        { shape: [n, items] },
      );
      const filled = (value: number) =>
        tensor(
          values[0].data.map((v, i) => (Math.floor(i / each) % items === 1 ? value : v)),
          { shape, requiresGrad: true },
        );
      const call = (scores: Tensor) => seeded(name)(...values.with(0, scores), { ...entry.required, mask });
      const usual = call(filled(0));
      for (const value of [-1e30, 1e30, Number.NaN]) {
        const scores = filled(value);
        const found = call(scores);
        expect(found.toArray(), `${value} left out`).toEqual(usual.toArray());
        const [gradient] = grad(found.sum(), [scores]);
        const left = [...gradient.data].filter((_, i) => Math.floor(i / each) % items === 1);
        expect(
          left.every((g) => g === 0),
          `gradient of ${value} left out`,
        ).toBe(true);
      }
    });
  }
});
