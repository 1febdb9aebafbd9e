import { ValueError } from "../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectOutside } from "../tensor/tracing.ts";
import { groupsOf, type ParametersOrGroups } from "./groups.ts";
import { outsideOnly } from "./outside.ts";

export interface OptimizerState {
  /** For each group its options and the positions of its parameters; all of it fits into JSON. */
  groups: ({ parameters: number[] } & Record<string, unknown>)[];
  /** Copies of the running quantities: "0.expAvg" is that of parameter 0; "history" of all of them. */
  tensors: Record<string, Tensor>;
}

/** What all optimizers have: groups of parameters with options, and a state that can be kept. */
export abstract class Optimizer<O extends { lr: number } = { lr: number }> {
  /** The parameters with the options that hold for them; schedules change these. */
  readonly groups: readonly (O & { parameters: readonly Tensor[] })[];
  protected readonly where: string;

  /** Options given for a group go before those given for all, and these before the defaults. */
  constructor(where: string, parameters: ParametersOrGroups<O>, options: Partial<O>, defaults: O) {
    expectOutside(where, "an optimizer made inside a compiled function would be new at every call; make it outside");
    this.where = where;
    const common = this.checked(where, options, defaults);
    this.groups = groupsOf(where, parameters).map(({ parameters, ...own }) => ({
      ...this.checked(where, own as unknown as Partial<O>, common),
      parameters,
    }));
  }

  /** Throws when an option is outside its domain. Runs before the fields of the subclass exist. */
  protected abstract check(where: string, options: O): void;

  /** Changes the parameters once by the gradients in `.grad`, which `closure`, when given, computes first. */
  abstract step(closure?: () => Tensor): Tensor | undefined;

  /** Options and running quantities, from which training goes on with the same bits. Copies. */
  abstract stateDict(): OptimizerState;

  /**
   * Takes over options and running quantities of an optimizer of this kind over parameters of the same shapes, in the
   * same groups. Throws a ValueError that lists what does not fit; then nothing has changed.
   */
  abstract loadStateDict(state: OptimizerState): void;

  /** All parameters, group by group. */
  get parameters(): Tensor[] {
    return this.groups.flatMap(({ parameters }) => parameters);
  }

  /** The learning rate, of the first group when they differ. Setting it sets that of all groups. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(value: number) {
    expectOutside(`${this.where}.lr`, outsideOnly);
    expectNonNegative(this.where, "lr", value);
    for (const group of this.groups) group.lr = value;
  }

  /** Forgets the gradients, so that the next `backward()` starts new ones. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  private checked(where: string, options: Partial<O>, defaults: O): O {
    const resolved = resolve<O>(where, options as Partial<NoInfer<O>>, defaults);
    expectNonNegative(where, "lr", resolved.lr);
    for (const name of Object.keys(defaults) as (keyof O & string)[]) {
      if (typeof defaults[name] === "boolean") expectOneOf<unknown>(where, name, resolved[name], [true, false]);
    }
    this.check(where, resolved);
    return resolved;
  }

  /** The groups as they are kept. */
  protected savedGroups(): OptimizerState["groups"] {
    const order = this.parameters;
    return this.groups.map(({ parameters, ...options }) => ({
      ...structuredClone(options),
      parameters: parameters.map((parameter) => order.indexOf(parameter)),
    }));
  }

  /** The options in a kept state, one for each group of this optimizer, checked. */
  protected savedOptions(state: OptimizerState): O[] {
    const where = `${this.where}.loadStateDict`;
    expectOutside(where, "inside a compiled function it would load once, and not at each call; call it outside");
    const { groups, tensors } = state ?? {};
    const isState =
      Array.isArray(groups) &&
      groups.every((group) => Array.isArray(group?.parameters)) &&
      typeof tensors === "object" &&
      tensors !== null;
    if (!isState) {
      throw new ValueError(where, "the state must have groups and tensors, as stateDict() of an optimizer has them");
    }
    const sizes = (list: readonly { parameters: readonly unknown[] }[]) =>
      list.map((g) => g.parameters.length).join(", ");
    if (sizes(groups) !== sizes(this.groups)) {
      throw new ValueError(
        where,
        `the state has groups of ${sizes(groups)} parameters, but this optimizer of ${sizes(this.groups)}`,
      );
    }
    return groups.map(({ parameters: _, ...saved }, i) => {
      const { parameters: __, ...own } = this.groups[i];
      return this.checked(where, structuredClone(saved) as unknown as Partial<O>, own as unknown as O);
    });
  }
}
