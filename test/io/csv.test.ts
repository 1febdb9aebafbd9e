import { describe, expect, it, vi } from "vitest";
import { type CSVOptions, parseCSV } from "../../src/io/index.ts";
import { FormatError, ValueError } from "../../src/tensor/errors.ts";

const flowers = "width,height,kind\n1,2.5,rose\n-3e2,.5,daisy\n0, 7 ,rose\n";

describe("parseCSV", () => {
  it("reads numbers, column names and classes sorted by name", async () => {
    const { columns, features, target, classes } = await parseCSV(flowers, { target: "kind" });
    expect(columns).toEqual(["width", "height"]);
    expect(features.dtype).toBe("float32");
    expect(features.toArray()).toEqual([
      [1, 2.5],
      [-300, 0.5],
      [0, 7],
    ]);
    expect(classes).toEqual(["daisy", "rose"]);
    expect(target?.dtype).toBe("int32");
    expect(target?.toArray()).toEqual([1, 0, 1]);
  });

  it("reads a numeric target as numbers, in the dtype asked for", async () => {
    const { features, target, classes } = await parseCSV("x,y\n1,0.1\n2,0.2", { target: "y", dtype: "float64" });
    expect(target?.dtype).toBe("float64");
    expect(target?.toArray()).toEqual([0.1, 0.2]);
    expect(features.dtype).toBe("float64");
    expect(classes).toBeNull();
  });

  it("reads no target when none is named", async () => {
    const { features, target, classes } = await parseCSV("x,y\n1,2");
    expect([features.shape, target, classes]).toEqual([[1, 2], null, null]);
  });

  it("counts positions of columns from either end", async () => {
    const first = await parseCSV(flowers, { target: -1, ignore: [0] });
    expect([first.columns, first.target?.toArray()]).toEqual([["height"], [1, 0, 1]]);
    const second = await parseCSV(flowers, { target: 0, ignore: ["kind"] });
    expect([second.columns, second.target?.toArray()]).toEqual([["height"], [1, -300, 0]]);
  });

  it("makes classes of numbers when told to, in the order of their values", async () => {
    const { target, classes } = await parseCSV("x,y\n0,10\n0,9\n0,10", { target: "y", categorical: true });
    expect([classes, target?.toArray()]).toEqual([
      ["9", "10"],
      [1, 0, 1],
    ]);
  });

  it("takes the order of the classes from another file", async () => {
    const { target, classes } = await parseCSV(flowers, { target: "kind", classes: ["rose", "tulip", "daisy"] });
    expect([classes, target?.toArray()]).toEqual([
      ["rose", "tulip", "daisy"],
      [0, 2, 0],
    ]);
  });

  it("knows nan and infinities", async () => {
    const { features } = await parseCSV("a,b,c,d\nnan,NaN,-inf,Infinity");
    expect(features.toArray()).toEqual([[Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]]);
  });

  it("takes quoted cells, a byte order mark, either line break, another delimiter, and empty lines at the end", async () => {
    const { columns, features } = await parseCSV('\uFEFF"a ""x"", y"\tb\r\n"1"\t2\r\n\r\n\r\n', { delimiter: "\t" });
    expect([columns, features.toArray()]).toEqual([['a "x", y', "b"], [[1, 2]]]);
  });

  it.each<[string, string, CSVOptions, string]>([
    ["an empty file", "", {}, "is empty; the first line must name the columns"],
    ["blank lines only", "\n \n", {}, "is empty; the first line must name the columns"],
    ["a header alone", "a,b\n", {}, "has a header, but no rows"],
    [
      "a text among numbers",
      "a,b\n1,2\n3,x4\n",
      {},
      'line 3, column "b" is "x4", not a number; leave the column out with ignore',
    ],
    ["a hexadecimal", "a\n0x10\n", {}, 'line 2, column "a" is "0x10", not a number'],
    ["an empty cell", "a,b\n1,\n", {}, 'line 2, column "b" is empty; write nan for a missing number'],
    ["a line with too few cells", "a,b\n1,2\n3\n4,5", {}, "line 3 has 1 cell, but the header names 2 columns"],
    ["a line with too many cells", "a,b\n1,2,3\n", {}, "line 2 has 3 cells, but the header names 2 columns"],
    ["a blank line in the middle", "a,b\n1,2\n\n3,4", {}, "line 3 has no cells, but the header names 2 columns"],
    ["a column named twice", "a,b,a\n1,2,3", {}, 'line 1 names the column "a" twice'],
    ["a quote that is not closed", 'a,b\n1,"2\n', {}, "has an odd number of quotes; one is never closed"],
    [
      "line breaks in cells, which count",
      'a,k\n1,"x\ny"\n?,z',
      { target: "k" },
      'line 4, column "a" is "?", not a number',
    ],
    [
      "a target of numbers and texts",
      "a,y\n1,2\n1,3\n1,4?",
      { target: "y" },
      'line 4, column "y" is "4?", but the first target is "2"; the target must be all numbers or all classes, or say categorical: true',
    ],
    [
      "a text in a numeric target",
      "a,y\n1,x",
      { target: "y", categorical: false },
      'line 2, column "y" is "x", not a number',
    ],
    [
      "an unknown class",
      flowers,
      { target: "kind", classes: ["rose"] },
      'line 3, column "kind" is "daisy", which is not a class of ["rose"]',
    ],
    ["a class without name", "a,k\n1,x\n2,", { target: "k" }, 'line 3, column "k" is "", which is not a class'],
  ])("names line and column: %s", async (_, text, options, message) => {
    const failed = parseCSV(text, options);
    await expect(failed).rejects.toThrow(FormatError);
    await expect(failed).rejects.toThrow(`parseCSV: ${message}`);
  });

  it.each<[string, object, string]>([
    ["a missing target", { target: "colour" }, 'target "colour" is not among the 3 columns "width", "height", "kind"'],
    ["a missing position", { target: 3 }, "target 3 is not among the 3 columns"],
    ["a missing column to ignore", { ignore: ["id"] }, 'ignore "id" is not among the 3 columns'],
    [
      "classes without a target",
      { classes: ["a"] },
      "categorical and classes describe a target; name its column with target",
    ],
    [
      "classes named twice",
      { target: 2, classes: ["a", "a"] },
      'classes must be distinct names of a categorical target, got ["a","a"]',
    ],
    [
      "a delimiter of two characters",
      { delimiter: "::" },
      'delimiter must be one character, no quote or line break, got "::"',
    ],
    ["a whole dtype", { dtype: "int32" }, 'dtype must be one of "float32", "float64", got "int32"'],
    [
      "an unknown option",
      { label: "kind" },
      'unknown option "label"; it takes target, categorical, classes, ignore, dtype, delimiter',
    ],
  ])("checks its options: %s", async (_, options, message) => {
    const failed = parseCSV(flowers, options as CSVOptions);
    await expect(failed).rejects.toThrow(ValueError);
    await expect(failed).rejects.toThrow(`parseCSV: ${message}`);
  });

  it("says which package it needs", async () => {
    vi.resetModules();
    vi.doMock("d3-dsv", () => {
      throw new Error("gone");
    });
    const { parseCSV } = await import("../../src/io/index.ts");
    await expect(parseCSV("a\n1")).rejects.toThrow(
      "parseCSV: needs the package d3-dsv; install it with: npm install d3-dsv",
    );
    vi.doUnmock("d3-dsv");
    vi.resetModules();
  });
});
