import katex from "katex";

/** KaTeX marks the application of a function by an invisible operator, which some fonts draw as a box or a wide gap. */
const application = /<mo>\u2061<\/mo>/g;

/** A formula in TeX as MathML, which browsers set without fonts or scripts. Throws for TeX that KaTeX does not know. */
export const mathml = (tex: string): string =>
  katex
    .renderToString(tex, { output: "mathml", displayMode: true, throwOnError: true, strict: "error" })
    .replace(application, '<mspace width="0.1667em"></mspace>');
