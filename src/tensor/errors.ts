/**
 * Every error of the library names the function, the argument, what was seen and what to do:
 * `crossEntropy: targets[3] is 12, but logits [64, 10] have classes 0..9`.
 */
export class TapegradError extends Error {
  constructor(where: string, message: string) {
    super(`${where}: ${message}`);
    this.name = new.target.name;
  }
}

/** Sizes or ranks that do not fit together. */
export class ShapeError extends TapegradError {}

/** A dtype that an operation does not take. */
export class DTypeError extends TapegradError {}

/** A value or an option outside its domain. */
export class ValueError extends TapegradError {}

/** A graph that cannot be differentiated the way it was asked. */
export class AutogradError extends TapegradError {}

/** A function that cannot be compiled. */
export class CompileError extends TapegradError {}

/** A file whose bytes are not what its format promises. */
export class FormatError extends TapegradError {}
