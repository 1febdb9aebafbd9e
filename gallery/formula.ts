import katex from "katex";

/** A formula in TeX as MathML, which browsers set without fonts or scripts. Throws for TeX that KaTeX does not know. */
export const mathml = (tex: string): string =>
  katex.renderToString(tex, { output: "mathml", displayMode: true, throwOnError: true, strict: "error" });
