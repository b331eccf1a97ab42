const compatibilityDate = "2026-01-01";

/**
 * A configuration for workerd with the modules `worker0.js`, `worker1.js`, ... of its folder, one
 * isolate for each. A single worker gets all requests; if there are several, the first segment of the path
 * is the number of the worker.
 */
export function workerdConfiguration(count: number, { nodeCompatible }: { nodeCompatible: boolean }): string {
  const names = Array.from({ length: count }, (_, index) => `worker${index}`);
  const flags = nodeCompatible ? `compatibilityFlags = ["nodejs_compat"],` : "";
  const services = names.map((name) => service(name, `embed "${name}.js"`, flags));
  const bindings = names.map((name) => `(name = "${name}", service = "${name}")`).join(", ");
  services.push(service("router", JSON.stringify(router), `bindings = [${bindings}],`));
  const first = count === 1 ? "worker0" : "router";
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "${first}")],
);
`;
}

const router =
  'export default { fetch: (request, env) => env["worker" + new URL(request.url).pathname.split("/")[1]].fetch(request) };';

function service(name: string, code: string, more: string): string {
  const modules = `modules = [(name = "${name}.js", esModule = ${code})]`;
  return `(name = "${name}", worker = (${modules}, compatibilityDate = "${compatibilityDate}", ${more}))`;
}
