import { relative, resolve } from "node:path";
import ts from "typescript";

// What the source says of a loss: its docstring, signature, options and code, read by TypeScript itself.

export interface OptionSource {
  name: string;
  type: string;
  meaning: string;
}

export interface LossSource {
  /** The path from the root of the repository. */
  file: string;
  /** The docstring's paragraphs. */
  paragraphs: readonly string[];
  /** `hinge(scores: TensorLike, targets: TensorLike, options: HingeOptions = {}): Tensor` */
  signature: string;
  options: readonly OptionSource[];
  /** The function without its docstring, and what of its own file it calls. */
  code: string;
}

/** The sources of all functions that `tapegrad/losses` exports, by name. */
export function readSources(): ReadonlyMap<string, LossSource> {
  const index = resolve("src/losses/index.ts"); // npm runs everything from the repository's root
  const program = ts.createProgram([index], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  const found = new Map<string, LossSource>();
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations?.find((d) => ts.isFunctionDeclaration(d) && d.body !== undefined);
    if (declaration !== undefined) found.set(exported.name, describe(checker, declaration as ts.FunctionDeclaration));
  }
  return found;
}

function describe(checker: ts.TypeChecker, declaration: ts.FunctionDeclaration): LossSource {
  const source = declaration.getSourceFile();
  const text = (node: ts.Node) => node.getText(source);
  const symbol = checker.getSymbolAtLocation(declaration.name!)!;
  const docs = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const last = declaration.parameters.at(-1)!;
  const optional = checker.getTypeAtLocation(last);
  const options = /^options/.test(text(last.name)) ? checker.getPropertiesOfType(optional) : [];
  const parameters = declaration.parameters.map(text).join(", ");
  return {
    file: relative(".", source.fileName),
    paragraphs: docs.split(/\n\s*\n/).map((paragraph) => paragraph.replace(/\s*\n\s*/g, " ").trim()),
    signature: `${declaration.name!.text}(${parameters.replace(/\s*\n\s*/g, " ")}): ${text(declaration.type!)}`,
    options: options.map((option) => ({
      name: option.name,
      type: checker.typeToString(checker.getTypeOfSymbolAtLocation(option, declaration), declaration),
      meaning: ts.displayPartsToString(option.getDocumentationComment(checker)).replace(/\s*\n\s*/g, " "),
    })),
    code: [declaration, ...calledFrom(checker, declaration)].map(text).join("\n\n"),
  };
}

/**
 * The functions of the same file, not exported, that a function calls, and those that they call, in the order of the
 * file.
 */
function calledFrom(checker: ts.TypeChecker, declaration: ts.Node): ts.Node[] {
  const found = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const called = checker.getSymbolAtLocation(node)?.valueDeclaration;
      const own =
        called !== undefined && called !== declaration && called.getSourceFile() === declaration.getSourceFile();
      const statement = own ? privateFunction(called) : undefined;
      if (statement !== undefined && !found.has(statement)) {
        found.add(statement);
        visit(statement);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return [...found].sort((a, b) => a.pos - b.pos);
}

/** The statement of a function that its file keeps to itself; undefined for anything else. */
function privateFunction(called: ts.Declaration): ts.Node | undefined {
  if (ts.isFunctionDeclaration(called)) return isExported(called) ? undefined : called;
  if (!ts.isVariableDeclaration(called) || called.initializer === undefined) return undefined;
  if (!ts.isArrowFunction(called.initializer)) return undefined;
  const statement = called.parent.parent;
  const top = ts.isVariableStatement(statement) && ts.isSourceFile(statement.parent);
  return top && !isExported(statement) ? statement : undefined;
}

const isExported = (statement: ts.HasModifiers): boolean =>
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
