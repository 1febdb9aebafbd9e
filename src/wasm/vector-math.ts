/** Functions of four float32 lanes as inline code: `docs/vector-math.md` has their accuracy and speed. */

export { acos, asin, atan, atan2 } from "./vector-arc.ts";
export { reciprocal, round, rsqrt, sign } from "./vector-arithmetic.ts";
export { erf, erfc } from "./vector-erf.ts";
export { cosh, exp, expm1, expOfModerate, expOfNonPositive, sinh } from "./vector-exp.ts";
export { log, log1p, log1pOfUnit } from "./vector-log.ts";
export { logAddExp, pow } from "./vector-power.ts";
export { sigmoid, sigmoidAndSoftplus, softplus, tanh } from "./vector-sigmoid.ts";
export { cos, sin, tan } from "./vector-trigonometry.ts";
