// SPDX-License-Identifier: Apache-2.0
// GitHub's REST API for the tests, as GitHub describes it: every answer is the example that GitHub publishes for that endpoint in its OpenAPI
// description (npm package @octokit/openapi), once for each object of the test's plan. Paging, limits and errors are as documented:
//   https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
//   https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
//
//     node server.mjs --plan FILE --token TOKEN
//
// FILE is JSON: {"org": LOGIN, "listings": {"/orgs/acme/members?role=admin": [{"id": 1, "login": "a"}, ...], ...}}. A key is a path, with the
// one query parameter that selects among its items; the members of an item replace those of the example, also inside its URLs. Prints
// "listening 127.0.0.1:PORT", and ends when its standard input does.
//
//     GET  /_requests   every request so far: [{"path": ..., "query": {...}, "accept": ..., "version": ..., "at": ms}, ...]
//     POST /_script     [{"path": PATH, "times": N, "status": S, "headers": {...}, "body": {...}}, ...]: those answers, N times each
//     POST /_plan       another plan
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { plan: { type: "string" }, token: { type: "string" } } });
const PAGE_DEFAULT = 30;
const PAGE_MOST = 100;
const HOURLY = 5000;

const description = JSON.parse(readFileSync("node_modules/@octokit/openapi/generated/api.github.com.deref.json", "utf8"));
const operations = Object.entries(description.paths).filter(([, methods]) => methods.get).map(([path, methods]) => ({
  pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "([^/]+)")}$`), // a fixed word before a variable one
  variables: path.split("{").length,
  parameters: methods.get.parameters ?? [],
  example: Object.values(methods.get.responses["200"]?.content?.["application/json"]?.examples ?? {})[0]?.value,
})).sort((a, b) => a.variables - b.variables);

let plan = JSON.parse(readFileSync(options.plan, "utf8"));
let script = [];
let used = 0;
const requests = [];

// ---------------------------------------------------------------- objects

// node_id is base64 of "04:User1": the same for another number.
function nodeId(example, id) {
  return Buffer.from(Buffer.from(example, "base64").toString().replace(/\d+$/, String(id))).toString("base64");
}

// The example with the members of `item`, and its URLs as the API would give them for it.
function dress(example, item, origin) {
  const words = Object.entries(item).filter(([key, value]) => typeof value === "string" && typeof example[key] === "string" && example[key])
    .map(([key, value]) => [example[key], value]).sort(([a], [b]) => b.length - a.length);
  const rewrite = (value) => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rewrite(inner)]));
    if (typeof value !== "string" || !value.startsWith("https://")) return value;
    const path = words.reduce((text, [old, now]) => text.replaceAll(`/${old}`, `/${now}`), value);
    return path.replace("https://api.github.com", origin).replaceAll(new RegExp(`/${example.id}(?=[/{]|$)`, "g"), `/${item.id}`);
  };
  const dressed = { ...rewrite(example), ...item };
  if (example.node_id) dressed.node_id = nodeId(example.node_id, item.id);
  return dressed;
}

// ---------------------------------------------------------------- paging

// As GitHub does, links name an organization and a repository by their numbers.
function linkHeader(url, page, last) {
  const to = (number, relation) => {
    const link = new URL(url);
    link.searchParams.set("page", number);
    const repository = /^\/repos\/([^/]+\/[^/]+)\//.exec(link.pathname);
    const number_of = repository && plan.repositories[repository[1]];
    if (number_of) link.pathname = link.pathname.replace(`/repos/${repository[1]}/`, `/repositories/${number_of}/`);
    else link.pathname = link.pathname.replace(`/orgs/${plan.org}/`, `/organizations/${plan.org_id}/`);
    return `<${link}>; rel="${relation}"`;
  };
  const links = [];
  if (page > 1) links.push(to(page - 1, "prev"));
  if (page < last) links.push(to(page + 1, "next"), to(last, "last"));
  if (page > 1) links.push(to(1, "first"));
  return links.join(", ");
}

function pathOf(url) {
  const names = Object.fromEntries(Object.entries(plan.repositories).map(([name, id]) => [id, name]));
  return url.pathname.replace(`/organizations/${plan.org_id}/`, `/orgs/${plan.org}/`)
    .replace(/^\/repositories\/(\d+)\//, (all, id) => (names[id] ? `/repos/${names[id]}/` : all));
}

// ---------------------------------------------------------------- answers

const problem = (status, message, page = "") => ({
  status, headers: {}, body: { message, documentation_url: `https://docs.github.com/rest${page}`, status: String(status) },
});

function selected(path, query) {
  const keys = Object.keys(plan.listings).filter((key) => key.split("?")[0] === path);
  return keys.find((key) => key === path || query.get(key.split("?")[1].split("=")[0]) === key.split("=")[1]);
}

function listing(url, path, operation) {
  for (const [name, value] of url.searchParams) {
    const parameter = operation.parameters.find((known) => known.in === "query" && known.name === name);
    if (!parameter || (parameter.schema.enum && !parameter.schema.enum.includes(value))) {
      return problem(422, `Validation Failed: ${name}=${value}`);
    }
  }
  const key = selected(path, url.searchParams);
  if (key === undefined) return problem(404, "Not Found");
  const items = plan.listings[key];
  const { example } = operation;
  const member = Array.isArray(example) ? null : Object.keys(example).find((name) => Array.isArray(example[name]));
  const model = member === null ? example[0] : example[member]?.[0];
  if (member === undefined) return { status: 200, headers: {}, body: dress(example, items[0], url.origin) };
  const size = Math.min(Math.max(Number(url.searchParams.get("per_page") ?? PAGE_DEFAULT), 1), PAGE_MOST);
  const page = Math.max(Number(url.searchParams.get("page") ?? 1), 1);
  const link = linkHeader(url, page, Math.max(Math.ceil(items.length / size), 1));
  const body = items.slice((page - 1) * size, page * size).map((item) => dress(model, item, url.origin));
  return {
    status: 200, headers: link ? { Link: link } : {},
    body: member === null ? body : { ...example, total_count: items.length, [member]: body },
  };
}

function scripted(path) {
  const rule = script.find((candidate) => candidate.path === path && candidate.times > 0);
  if (!rule) return undefined;
  rule.times -= 1;
  return { status: rule.status, headers: rule.headers ?? {}, body: rule.body };
}

function answer(request, url) {
  const path = pathOf(url);
  requests.push({
    path, query: Object.fromEntries(url.searchParams), accept: request.headers.accept,
    version: request.headers["x-github-api-version"], at: Date.now(),
  });
  if (request.headers.authorization !== `Bearer ${options.token}`) return problem(401, "Bad credentials");
  const operation = operations.find(({ pattern }) => pattern.test(path));
  if (request.method !== "GET" || !operation?.example) return problem(404, "Not Found");
  return scripted(path) ?? listing(url, path, operation);
}

function limits() {
  used += 1;
  return {
    "X-RateLimit-Limit": HOURLY, "X-RateLimit-Remaining": Math.max(HOURLY - used, 1), "X-RateLimit-Used": used,
    "X-RateLimit-Reset": Math.floor(Date.now() / 1000) + 3600, "X-RateLimit-Resource": "core",
  };
}

async function control(request, url) {
  if (url.pathname === "/_requests") return requests;
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString());
  if (url.pathname === "/_script") script = body;
  if (url.pathname === "/_plan") plan = body;
  return {};
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${server.address().port}`);
  if (url.pathname.startsWith("/_")) {
    response.end(JSON.stringify(await control(request, url)));
    return;
  }
  const { status, headers, body } = answer(request, url);
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8", "X-GitHub-Media-Type": "github.v3; format=json", ...limits(), ...headers,
  });
  response.end(JSON.stringify(body));
});
server.listen(0, "127.0.0.1", () => console.log(`listening 127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
