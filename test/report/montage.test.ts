import { expect, test } from "vitest";
import { montage } from "../../src/report/index.ts";

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30"><path d="M0,0"/></svg>';

test("a montage puts pictures in rows, each with its own viewBox, and escapes their titles", () => {
  const panel = { picture, title: "a < b", text: "accuracy 0.9" };
  const svg = montage([panel, panel, panel], { columns: 2 });
  const places = [...svg.matchAll(/viewBox="0 0 40 30" x="(\d+)" y="(\d+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  expect(places).toHaveLength(3);
  expect(places[0][1]).toBe(places[1][1]);
  expect(places[0][0]).toBe(places[2][0]);
  expect(places[2][1]).toBeGreaterThan(places[0][1]);
  expect(svg).toContain("a &lt; b");
  expect(() => montage([panel], { columns: 0 })).toThrow("montage: columns must be a number that is whole and >= 1");
});
