// SPDX-License-Identifier: Apache-2.0
// An OAuth 2.0 server with an API behind it, for the tests. Token endpoint, rotation and the revocation of a whole grant on the second use
// of a refresh token are those of the npm package oidc-provider, paging with Link and X-Total-Count that of json-server; this file makes
// the people, signs in for them, and looks tokens up.
//
//     node server.mjs --users N --ttl SECONDS
//
// Prints "listening 127.0.0.1:PORT", and ends when its standard input does, so that no test leaves one behind.
//
//     POST /_sign-in    a new grant: {"refresh_token": TOKEN}
//     GET /_counts      answers of the token endpoint so far, by status: {"200": 3, ...}
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import express from "express";
import Provider from "oidc-provider";

const jsonServer = createRequire(import.meta.url)("json-server");
const { values: options } = parseArgs({ options: { users: { type: "string", default: "250" }, ttl: { type: "string", default: "3600" } } });
const CLIENT = "connector", SCOPE = "openid offline_access";

const users = Array.from({ length: Number(options.users) }, (_, i) => ({ id: i + 1, login: `user${i + 1}`, active: i % 20 !== 0 }));
const counts = {};

const app = express();
const server = app.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}/oidc`, {
    clients: [{ client_id: CLIENT, client_secret: "connector-secret", grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://client.test/back"] }],
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: () => true,
    ttl: { AccessToken: Number(options.ttl), RefreshToken: 86400, Grant: 86400, IdToken: 3600 },
    cookies: { keys: ["not-used"] },
  });

  // What a browser would do: somebody agrees, and the client has its first refresh token.
  app.post("/_sign-in", async (_, answer) => {
    const grant = new provider.Grant({ accountId: "admin", clientId: CLIENT });
    grant.addOIDCScope(SCOPE);
    const token = new provider.RefreshToken({ client: await provider.Client.find(CLIENT), accountId: "admin", grantId: await grant.save(),
      gty: "authorization_code", scope: SCOPE, rotations: 0, iiat: Math.floor(Date.now() / 1000) });
    answer.json({ refresh_token: await token.save() });
  });
  app.get("/_counts", (_, answer) => answer.json(counts));
  app.use("/oidc", (_, answer, next) => {
    answer.on("finish", () => (counts[answer.statusCode] = (counts[answer.statusCode] ?? 0) + 1));
    next();
  }, provider.callback());
  app.use("/api", async (request, answer, next) => {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const token = bearer && (await provider.AccessToken.find(bearer));
    if (!token || token.isExpired) return answer.status(401).set("WWW-Authenticate", 'Bearer error="invalid_token"').json({ error: "invalid_token" });
    next();
  }, jsonServer.defaults({ logger: false }), jsonServer.router({ users }));
  console.log(`listening 127.0.0.1:${port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
