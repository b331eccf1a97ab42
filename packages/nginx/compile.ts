import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";

const entry = fileURLToPath(new URL("src/index.ts", import.meta.url));
const parseJson = fileURLToPath(new URL("src/parse-json.ts", import.meta.url));

/**
 * Compiles this package and core into the one file that nginx's JavaScript module loads.
 *
 * esbuild puts the modules together and TypeScript takes the language down to ES5, because njs (in
 * Debian 12: 0.7.9) has promises and typed arrays but no classes, destructuring, spread or for-of.
 */
export async function compileForNjs(): Promise<string> {
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    alias: { "node:fs": "fs" }, // njs knows this module only without the prefix
    external: ["fs"],
    inject: [parseJson],
    define: { "JSON.parse": "parseJson" },
    conditions: ["@portcullis/source"],
    legalComments: "none",
  });
  const { outputText } = ts.transpileModule(bundle.outputFiles[0]?.text ?? "", {
    compilerOptions: {
      target: ts.ScriptTarget.ES5,
      module: ts.ModuleKind.ESNext,
      removeComments: true,
    },
    transformers: { before: [hideFunctionsInArrays] },
  });
  // njs knows only one form of export.
  const code = outputText.replace(/export \{\s*(\w+) as default\s*\};/, "export default $1;");
  if (!/^export default \w+;$/m.test(code)) throw new Error("njs needs one default export");
  return `// Portcullis for nginx's JavaScript module. MIT licence.\n${code}`;
}

/**
 * Makes `[function () {}]` `[(0, function () {})]`. njs 0.7.9 names such a function after its index,
 * and in doing so turns the number 0 into the text "0" everywhere else in the module.
 */
function hideFunctionsInArrays(context: ts.TransformationContext): ts.Transformer<ts.SourceFile> {
  const { factory } = context;
  const hide = (element: ts.Expression): ts.Expression =>
    ts.isArrowFunction(element) || ts.isFunctionExpression(element)
      ? factory.createParenthesizedExpression(factory.createComma(factory.createNumericLiteral(0), element))
      : element;
  const visit = (node: ts.Node): ts.Node => {
    const visited = ts.visitEachChild(node, visit, context);
    if (!ts.isArrayLiteralExpression(visited)) return visited;
    return factory.updateArrayLiteralExpression(visited, visited.elements.map(hide));
  };
  return (file) => ts.visitEachChild(file, visit, context);
}
