import { markChanged } from "../autograd/assign.ts";
import { recordingAs } from "../autograd/primitive.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
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
 * A subclass writes one loop over the elements of a parameter (`update`), which computes in float64, stores in the
 * dtype of the parameter and changes it in place.
 */
export abstract class PerParameterOptimizer<O extends CommonOptions = CommonOptions> extends Optimizer<O> {
  private states = new Map<Tensor, ParameterState>();

  /** The running quantities that a parameter starts with. */
  protected abstract initialState(parameter: Tensor, options: O): ParameterState;

  /** Changes one parameter's values by its gradient, once; `first` when its state is new. */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: ParameterState,
    options: O,
    first: boolean,
  ): void;

  /** Gradients that are not finite go through, as in PyTorch. Returns what `closure` returns. */
  step(closure?: () => Tensor): Tensor | undefined {
    const loss = closure === undefined ? undefined : recordingAs(true, closure);
    for (const parameter of this.parameters) expectGradientFits(this.where, parameter);
    for (const group of this.groups) {
      for (const parameter of group.parameters) {
        const gradient = parameter.grad;
        if (gradient === null) continue;
        const known = this.states.get(parameter);
        const state = known ?? this.initialState(parameter, group);
        if (known === undefined) this.states.set(parameter, state);
        this.update(parameter, group.maximize ? negated(gradient) : gradient, state, group, known === undefined);
        markChanged(parameter.storage);
      }
    }
    return loss;
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
    this.states = states;
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

const negated = (t: Tensor): Tensor =>
  new Tensor(
    t.data.map((v) => -v),
    t.shape,
    t.dtype,
  );

function expectGradientFits(where: string, { grad, shape }: Tensor): void {
  if (grad !== null && !sameShape(grad.shape, shape)) {
    throw new ShapeError(
      where,
      `a parameter ${formatShape(shape)} has a gradient of shape ${formatShape(grad.shape)}; they must have one shape`,
    );
  }
}
