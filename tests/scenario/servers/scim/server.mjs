// SPDX-License-Identifier: Apache-2.0
// A SCIM 2.0 server (RFC 7643, RFC 7644) for the tests. Paging, filters, schemas and messages are those of the npm packages scimmy and
// scimmy-routers; this file keeps the people in memory and checks the token.
//
//     node server.mjs --data FILE --token TOKEN [--max-results N]
//
// FILE is JSON: {"User": [...], "Group": [...]}, resources as a client would post them, but with their id. Prints
// "listening 127.0.0.1:PORT", and ends when its standard input does, so that no test leaves one behind.
//
//     GET /_counts                                 requests so far: {"GET /Users": 13, ...}
//     POST /_leave {"after": N, "ids": [ID, ...]}  those users leave after N more pages of users
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const { values: options } = parseArgs({
  options: { data: { type: "string" }, token: { type: "string" }, "max-results": { type: "string", default: "100" } },
});
const most = Number(options["max-results"]);
const MADE = "2024-02-29T12:00:00Z";

// One folder of resources by id, as scimmy's handlers: egress reads, ingress writes, degress deletes.
class Folder {
  #resources = new Map();

  constructor(type, resources) {
    this.type = type;
    for (const resource of resources) {
      this.#resources.set(resource.id, { ...resource, meta: { resourceType: type, created: MADE, lastModified: MADE } });
    }
  }

  #get(id) {
    const resource = this.#resources.get(id);
    if (!resource) throw new SCIMMY.Types.Error(404, null, `${this.type} ${id} is not here`);
    return resource;
  }

  handlers(deleted) {
    return {
      egress: ({ id, filter, constraints }) => {
        if (id) return this.#get(id);
        // scimmy announces maxResults and leaves it to the handlers; it cuts the page itself.
        if (constraints?.count > most) constraints.count = most;
        const all = [...this.#resources.values()];
        return filter ? filter.match(all) : all;
      },
      ingress: ({ id }, data) => {
        if (!id) throw new SCIMMY.Types.Error(501, null, "this server makes no new ones");
        const resource = { ...this.#get(id), ...JSON.parse(JSON.stringify(data)), id };
        resource.meta = { ...this.#get(id).meta, lastModified: new Date().toISOString() };
        this.#resources.set(id, resource);
        return resource;
      },
      degress: ({ id }) => {
        this.#get(id);
        this.delete(id);
        deleted?.(id);
      },
    };
  }

  delete(id) {
    this.#resources.delete(id);
  }

  forget(member) {
    for (const group of this.#resources.values()) {
      group.members = group.members?.filter(({ value }) => value !== member);
    }
  }
}

const data = JSON.parse(readFileSync(options.data, "utf8"));
const users = new Folder("User", data.User);
const groups = new Folder("Group", data.Group);
const { User, Group } = SCIMMY.Resources;

SCIMMY.Config.set({ patch: true, sort: true, filter: { supported: true, maxResults: most } });
SCIMMY.Schemas.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
SCIMMY.Resources.declare(User, users.handlers((id) => groups.forget(id))).declare(Group, groups.handlers());

const counts = {};
let leaving = { after: -1, ids: [] };
const application = express();
application.get("/_counts", (request, response) => response.json(counts));
application.post("/_leave", express.json(), (request, response) => {
  leaving = request.body;
  response.json({});
});
application.use("/scim/v2", (request, response, next) => {
  const name = `${request.method} /${request.path.split("/")[1]}`;
  counts[name] = (counts[name] ?? 0) + 1;
  if (name === "GET /Users" && leaving.after-- === 0) leaving.ids.forEach((id) => users.delete(id));
  next();
});
application.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== `Bearer ${options.token}`) throw new Error("no such token");
    return "muster";
  },
}));

const server = application.listen(0, "127.0.0.1", () => console.log(`listening 127.0.0.1:${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
