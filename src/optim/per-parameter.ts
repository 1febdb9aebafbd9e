import { assign } from "../autograd/assign.ts";
import { add, neg, to } from "../autograd/elementwise.ts";
import { noGrad, recordingAs } from "../autograd/primitive.ts";
import { compile } from "../compile/compile.ts";
import { CompileError, ShapeError, ValueError } from "../tensor/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { observe, type Tracer, tracing } from "../tensor/tracing.ts";
import { reserve } from "../wasm/runtime.ts";
import { Optimizer, type OptimizerState } from "./optimizer.ts";

export interface CommonOptions {
  /** The learning rate. */
  lr: number;
  /** Climb instead of descend. Default false. */
  maximize: boolean;
}

/** The running quantities of one parameter: momenta, a count of steps. */
export type ParameterState = Record<string, Tensor>;

/**
 * An optimizer that changes each parameter by its own gradient alone; one without a gradient is left as it is.
 *
 * A subclass writes the change of one parameter as a formula (`update`), in tensors of the parameter's dtype. `step()`
 * runs the formulas of all parameters as one compiled program, or as operations where there is no WebAssembly; inside
 * a compiled function they become part of its program.
 */
export abstract class PerParameterOptimizer<O extends CommonOptions = CommonOptions> extends Optimizer<O> {
  private readonly states = new Map<Tensor, ParameterState>();
  private readonly traced = new WeakMap<Tracer, Map<ParameterState, number>>();
  /** Until making a program fails. */
  private compiles = true;
  private readonly compiledUpdates = compile((gradients: readonly (Tensor | null)[]) => this.updateAll(gradients));

  /** The running quantities that a parameter starts with. One named `step` counts the steps. */
  protected abstract initialState(parameter: Tensor, options: O): ParameterState;

  /**
   * Assigns a parameter's next values, and those of its state. The options may be others at the next step: numbers get
   * into the formula through `stepNumber`, and what decides which operations run is read inside `observe`. There `t`
   * gives the number of this step, from 1 on, if the state has a count of them.
   */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: ParameterState,
    options: O,
    t: () => number,
  ): void;

  /**
   * Gradients that are not finite go through, as in PyTorch. Returns what `closure` returns. The first step moves the
   * values of the parameters into the memory of compiled programs: read their `data` again.
   */
  step(closure?: () => Tensor): Tensor | undefined {
    const loss = closure === undefined ? undefined : recordingAs(true, closure);
    const gradients = this.parameters.map((parameter) => gradientFor(this.where, parameter));
    noGrad(() => {
      if (tracing.tracer !== null || !this.compiles || reserve(0) === undefined) this.updateAll(gradients);
      else this.updateCompiled(gradients.map((g) => g?.detach() ?? null)); // of a graph (createGraph) it takes no part
    });
    return loss;
  }

  /** `updateAll` as a program; where none can be made, for want of WebAssembly or memory, as it is from then on. */
  private updateCompiled(gradients: readonly (Tensor | null)[]): void {
    try {
      this.compiledUpdates(gradients);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      this.compiles = false;
      this.updateAll(gradients);
    }
  }

  /** Updates all parameters by their gradients, given in the same order. */
  private updateAll(gradients: readonly (Tensor | null)[]): void {
    let i = 0;
    for (const group of this.groups) {
      for (const parameter of group.parameters) {
        const gradient = gradients[i++];
        if (gradient === null) continue;
        const state = observe(() => this.stateOf(parameter, group));
        const g = to(gradient, parameter.dtype);
        const before = this.stepsTraced(state);
        const t = () => state.step.data[0] + before + 1;
        this.update(parameter, observe(() => group.maximize) ? neg(g) : g, state, group, t);
        if (state.step !== undefined) assign(state.step, add(state.step, 1));
      }
    }
  }

  private stateOf(parameter: Tensor, options: O): ParameterState {
    let state = this.states.get(parameter);
    if (state === undefined) {
      state = this.initialState(parameter, options);
      this.states.set(parameter, state);
    }
    return state;
  }

  /** How many steps the function being compiled has taken with a state: those that its count will lack at each call. */
  private stepsTraced(state: ParameterState): number {
    const { tracer } = tracing;
    if (tracer === null) return 0;
    const counts = this.traced.get(tracer) ?? new Map<ParameterState, number>();
    this.traced.set(tracer, counts);
    const steps = counts.get(state) ?? 0;
    counts.set(state, steps + 1);
    return steps;
  }

  stateDict(): OptimizerState {
    const tensors: Record<string, Tensor> = {};
    this.parameters.forEach((parameter, i) => {
      for (const [name, t] of Object.entries(this.states.get(parameter) ?? {})) {
        tensors[`${i}.${name}`] = new Tensor(t.data.slice(), t.shape, t.dtype);
      }
    });
    return { groups: this.savedGroups(), tensors };
  }

  loadStateDict(state: OptimizerState): void {
    const options = this.savedOptions(state);
    const { tensors } = state;
    const problems: string[] = [];
    const known = new Set<string>();
    const states = new Map<Tensor, ParameterState>();
    this.groups.forEach(({ parameters }, g) => {
      for (const parameter of parameters) {
        const prefix = `${this.parameters.indexOf(parameter)}.`;
        if (!Object.keys(tensors).some((name) => name.startsWith(prefix))) continue; // it has had no gradient yet
        const loaded = this.initialState(parameter, options[g]);
        for (const [name, target] of Object.entries(loaded)) {
          known.add(prefix + name);
          const problem = copyInto(target, tensors[prefix + name]);
          if (problem !== null) problems.push(`"${prefix}${name}" ${problem}`);
        }
        states.set(parameter, loaded);
      }
    });
    for (const name of Object.keys(tensors)) if (!known.has(name)) problems.push(`"${name}" is unexpected`);
    if (problems.length > 0) throw new ValueError(`${this.where}.loadStateDict`, problems.join(", "));
    this.groups.forEach((group, i) => {
      Object.assign(group, options[i]);
    });
    for (const parameter of this.parameters) this.takeOver(parameter, states.get(parameter));
  }

  /** Makes the state of a parameter that which was loaded, in place where compiled programs may know it. */
  private takeOver(parameter: Tensor, loaded: ParameterState | undefined): void {
    const own = this.states.get(parameter);
    const names = (state: ParameterState = {}) => Object.keys(state).join();
    if (own !== undefined && names(own) === names(loaded)) {
      for (const [name, t] of Object.entries(own)) noGrad(() => assign(t, loaded![name]));
    } else if (loaded === undefined) this.states.delete(parameter);
    else this.states.set(parameter, loaded);
  }
}

/** Copies a kept tensor into a new one; what is wrong when it does not fit. */
function copyInto(target: Tensor, kept: unknown): string | null {
  if (!(kept instanceof Tensor)) return "is missing";
  if (!sameShape(kept.shape, target.shape)) {
    return `has shape ${formatShape(kept.shape)}, but belongs to a parameter with ${formatShape(target.shape)}`;
  }
  target.data.set(kept.data);
  return null;
}

/** The gradient of a parameter, which must have its shape. */
function gradientFor(where: string, { grad, shape }: Tensor): Tensor | null {
  if (grad === null) return null;
  if (!sameShape(grad.shape, shape)) {
    throw new ShapeError(
      where,
      `a parameter ${formatShape(shape)} has a gradient of shape ${formatShape(grad.shape)}; they must have one shape`,
    );
  }
  return grad;
}
