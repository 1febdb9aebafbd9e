// A process of `npm start`: runs the lessons it is told to, one after another. One that fails ends it.

import type { Settings } from "./flags.ts";

/** A lesson to run. */
export interface Order {
  name: string;
  given: Partial<Settings>;
}

process.on("message", async ({ name, given }: Order) => {
  const { run } = await import(`../${name}.ts`);
  process.send!(await run(given));
});
