-- SPDX-License-Identifier: Apache-2.0
-- A store as Muster made it while its schema was version 6, of the views a few: users with a letter of each kind, a hold,
-- an object of two streams, a child's scope, and a run that was under way.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta VALUES('batches',7);
INSERT INTO meta VALUES('head',X'e64469dc2508551d0d923cc807061a35ae2aeff51b39d9ccc7b2263ec5aedcf2');
INSERT INTO meta VALUES('key',X'b8c4d0e17e28141f04342c3a5e2a8be8');
CREATE TABLE kinds(kind INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO kinds VALUES(1,'person');
INSERT INTO kinds VALUES(2,'account');
INSERT INTO kinds VALUES(3,'group');
INSERT INTO kinds VALUES(4,'role');
INSERT INTO kinds VALUES(5,'resource');
INSERT INTO kinds VALUES(6,'entitlement');
INSERT INTO kinds VALUES(7,'grant');
INSERT INTO kinds VALUES(8,'ownership');
INSERT INTO kinds VALUES(9,'credential');
INSERT INTO kinds VALUES(10,'event');
CREATE TABLE connections(connection INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  connector TEXT, tenant TEXT, made_ms INTEGER NOT NULL, sum INTEGER);
INSERT INTO connections VALUES(1,'acme','test',NULL,1770000000000,-9135034770054299468);
CREATE TABLE declarations(declaration INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,
  connector TEXT, version TEXT, canonical TEXT, made_ms INTEGER NOT NULL, sum INTEGER);
INSERT INTO declarations VALUES(1,X'0000000000000000000000000000000000000000000000000000000000000000','test','1.0','{"name":"test"}',1770000000000,6218783794041748792);
CREATE TABLE streams(stream INTEGER PRIMARY KEY,
  connection INTEGER NOT NULL REFERENCES connections, name TEXT NOT NULL,
  position INTEGER NOT NULL DEFAULT 0, enriches INTEGER NOT NULL DEFAULT 0,
  incremental INTEGER NOT NULL DEFAULT 0, selected INTEGER NOT NULL DEFAULT 1,
  parent TEXT, shape TEXT, full_mapping TEXT, bookmark BLOB, bookmark_note TEXT,
  last_full_ms INTEGER, complete_ms INTEGER, complete_proof INTEGER, complete_run INTEGER,
  last_run INTEGER, closed INTEGER NOT NULL DEFAULT 0, shapes_run INTEGER, sum INTEGER, UNIQUE(connection, name));
INSERT INTO streams VALUES(1,1,'users',0,0,0,1,NULL,'shape','mapping',NULL,NULL,1770000060000,1770000060000,3,2,2,0,NULL,4247905211807567544);
INSERT INTO streams VALUES(2,1,'directory',1,0,0,1,NULL,'shape','mapping',NULL,NULL,1770000120000,1770000120000,2,3,7,0,NULL,3387381986233536999);
INSERT INTO streams VALUES(3,1,'badges',2,1,0,1,NULL,'shape',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,-9199852003795003243);
INSERT INTO streams VALUES(4,1,'groups',3,0,0,1,NULL,'shape','mapping',NULL,NULL,1770000300000,1770000300000,3,6,6,0,NULL,1748055091773606043);
INSERT INTO streams VALUES(5,1,'members',4,0,0,1,'groups','shape','mapping',NULL,NULL,1770000240000,1770000240000,3,5,5,0,NULL,-188760708418424602);
INSERT INTO streams VALUES(6,1,'changes',5,0,1,1,NULL,'shape',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,-8967048220931296012);
CREATE TABLE stream_kinds(stream INTEGER NOT NULL REFERENCES streams,
  kind INTEGER NOT NULL, PRIMARY KEY(stream, kind)) WITHOUT ROWID;
INSERT INTO stream_kinds VALUES(1,2);
INSERT INTO stream_kinds VALUES(2,2);
INSERT INTO stream_kinds VALUES(3,2);
INSERT INTO stream_kinds VALUES(4,3);
INSERT INTO stream_kinds VALUES(5,7);
INSERT INTO stream_kinds VALUES(6,4);
CREATE TABLE requested(declaration INTEGER NOT NULL, stream INTEGER NOT NULL,
  kind INTEGER NOT NULL, field TEXT NOT NULL,
  PRIMARY KEY(declaration, stream, kind, field)) WITHOUT ROWID;
INSERT INTO requested VALUES(1,1,2,'email');
INSERT INTO requested VALUES(1,1,2,'id');
INSERT INTO requested VALUES(1,1,2,'login');
INSERT INTO requested VALUES(1,2,2,'email');
INSERT INTO requested VALUES(1,2,2,'id');
INSERT INTO requested VALUES(1,2,2,'login');
INSERT INTO requested VALUES(1,3,2,'employee_id');
INSERT INTO requested VALUES(1,3,2,'id');
INSERT INTO requested VALUES(1,4,3,'id');
INSERT INTO requested VALUES(1,4,3,'name');
INSERT INTO requested VALUES(1,5,7,'subject_id');
INSERT INTO requested VALUES(1,6,4,'id');
INSERT INTO requested VALUES(1,6,4,'name');
CREATE TABLE mappings(mapping INTEGER PRIMARY KEY, connection INTEGER NOT NULL,
  kind INTEGER NOT NULL, streams TEXT NOT NULL, declaration INTEGER NOT NULL,
  states TEXT NOT NULL DEFAULT '{}', sum INTEGER, UNIQUE(connection, kind, streams, declaration));
INSERT INTO mappings VALUES(1,1,2,'[1]',1,'{"email":"absent","employee_id":"absent","id":"absent","login":"absent"}',-7622918765732374186);
INSERT INTO mappings VALUES(2,1,2,'[2]',1,'{"email":"absent","employee_id":"absent","id":"absent","login":"absent"}',7585184928023031686);
INSERT INTO mappings VALUES(3,1,2,'[1,2]',1,'{"email":"absent","employee_id":"absent","id":"absent","login":"absent"}',6998503807913791808);
INSERT INTO mappings VALUES(4,1,3,'[4]',1,'{"id":"absent","name":"absent"}',8365616461918312570);
INSERT INTO mappings VALUES(5,1,7,'[5]',1,'{"subject_id":"absent"}',1071954029063966078);
CREATE TABLE scopes(scope INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES streams,
  parent TEXT NOT NULL DEFAULT '', parent_object INTEGER, closed INTEGER NOT NULL DEFAULT 0,
  live INTEGER NOT NULL DEFAULT 0 CHECK(live >= 0),
  missing INTEGER NOT NULL DEFAULT 0 CHECK(missing >= 0),
  filtered INTEGER NOT NULL DEFAULT 0 CHECK(filtered >= 0),
  complete_ms INTEGER, complete_run INTEGER, complete_proof INTEGER, sum INTEGER,
  UNIQUE(stream, parent));
INSERT INTO scopes VALUES(1,1,'',NULL,0,2,1,0,1770000060000,2,3,6983851833134964349);
INSERT INTO scopes VALUES(2,2,'',NULL,0,3,0,0,1770000120000,3,2,1782863084696697860);
INSERT INTO scopes VALUES(3,4,'',NULL,0,5,0,0,1770000180000,4,3,2253137164001114273);
INSERT INTO scopes VALUES(4,5,'g1',5,0,1,0,0,1770000240000,5,3,-882818612331826140);
CREATE TABLE rounds(round INTEGER PRIMARY KEY,
  connection INTEGER NOT NULL REFERENCES connections, declaration INTEGER NOT NULL,
  fingerprint BLOB, full INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open'
    CHECK(state IN ('open','done','failed','superseded')),
  reason TEXT, started_ms INTEGER NOT NULL, ended_ms INTEGER);
INSERT INTO rounds VALUES(1,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000000000,1770000000000);
INSERT INTO rounds VALUES(2,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000060000,1770000060000);
INSERT INTO rounds VALUES(3,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000120000,1770000120000);
INSERT INTO rounds VALUES(4,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000180000,1770000180000);
INSERT INTO rounds VALUES(5,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000240000,1770000240000);
INSERT INTO rounds VALUES(6,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'done',NULL,1770000300000,1770000300000);
INSERT INTO rounds VALUES(7,1,1,X'0000000000000000000000000000000000000000000000000000000000000000',1,'open',NULL,1770000360000,NULL);
CREATE TABLE runs(run INTEGER PRIMARY KEY, round INTEGER NOT NULL REFERENCES rounds,
  stream INTEGER NOT NULL REFERENCES streams, declaration INTEGER NOT NULL,
  mapping TEXT, full INTEGER NOT NULL, why_full TEXT, bound BLOB, proof INTEGER NOT NULL DEFAULT 0,
  reason TEXT, complete INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0, throttled_ms INTEGER NOT NULL DEFAULT 0,
  started_ms INTEGER NOT NULL, ended_ms INTEGER, what TEXT NOT NULL DEFAULT 'pull'
  CHECK(what IN ('pull','replay')), sum INTEGER, UNIQUE(round, stream));
INSERT INTO runs VALUES(1,1,1,1,'mapping',1,'asked for',NULL,3,NULL,1,0,0,0,1770000000000,1770000000000,'pull',-4752847619178881835);
INSERT INTO runs VALUES(2,2,1,1,'mapping',1,'asked for',NULL,3,NULL,1,0,0,0,1770000060000,1770000060000,'pull',-5088407372852348955);
INSERT INTO runs VALUES(3,3,2,1,'mapping',1,'asked for',NULL,2,'why',1,0,0,0,1770000120000,1770000120000,'pull',-8509180788561544427);
INSERT INTO runs VALUES(4,4,4,1,'mapping',1,'asked for',NULL,3,NULL,1,0,0,0,1770000180000,1770000180000,'pull',240619520756352262);
INSERT INTO runs VALUES(5,5,5,1,'mapping',1,'asked for',NULL,3,NULL,1,0,0,0,1770000240000,1770000240000,'pull',-8053146737811893742);
INSERT INTO runs VALUES(6,6,4,1,'mapping',1,'asked for',NULL,3,NULL,1,0,0,0,1770000300000,1770000300000,'pull',8607989536074318046);
INSERT INTO runs VALUES(7,7,2,1,'mapping',1,'asked for',NULL,0,NULL,0,0,0,0,1770000360000,NULL,'pull',-3826191950200476237);
CREATE TABLE scope_runs(scope_run INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,
  scope INTEGER NOT NULL REFERENCES scopes, full INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0, proof INTEGER NOT NULL DEFAULT 0, reason TEXT,
  end_signal TEXT, total INTEGER NOT NULL DEFAULT -1, position BLOB, bookmark BLOB,
  sequence INTEGER NOT NULL DEFAULT 0, seen_after INTEGER NOT NULL DEFAULT 0,
  restarts INTEGER NOT NULL DEFAULT 0, restart_reason TEXT,
  live_before INTEGER NOT NULL DEFAULT 0, withdrawn INTEGER NOT NULL DEFAULT 0,
  pages INTEGER NOT NULL DEFAULT 0, received INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0,
  filtered INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0,
  reappeared INTEGER NOT NULL DEFAULT 0, conflicts INTEGER NOT NULL DEFAULT 0,
  unreadable INTEGER NOT NULL DEFAULT 0, distinct_items INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0, started_ms INTEGER NOT NULL, ended_ms INTEGER, sum INTEGER,
  UNIQUE(run, scope),
  CHECK(received = created + changed + unchanged + duplicate + filtered + dead));
INSERT INTO scope_runs VALUES(1,1,1,1,1,3,NULL,NULL,-1,NULL,NULL,1,0,0,NULL,0,0,1,3,3,0,0,0,0,0,0,0,0,3,0,0,0,1770000000000,1770000000000,8109755031084903029);
INSERT INTO scope_runs VALUES(2,2,1,1,1,3,NULL,NULL,-1,NULL,NULL,1,0,0,NULL,3,0,1,5,0,1,1,0,1,2,0,0,1,4,1,0,0,1770000060000,1770000060000,5400515358603674183);
INSERT INTO scope_runs VALUES(3,3,2,1,1,2,'why',NULL,-1,NULL,NULL,1,0,0,NULL,0,0,1,2,1,1,0,0,0,0,0,0,0,2,0,0,0,1770000120000,1770000120000,893314881613777006);
INSERT INTO scope_runs VALUES(4,4,3,1,1,3,NULL,NULL,-1,NULL,NULL,1,0,0,NULL,0,0,1,5,5,0,0,0,0,0,0,0,0,5,0,0,0,1770000180000,1770000180000,-185949207924853331);
INSERT INTO scope_runs VALUES(5,5,4,1,1,3,NULL,NULL,-1,NULL,NULL,1,0,0,NULL,0,0,1,1,1,0,0,0,0,0,0,0,0,1,0,0,0,1770000240000,1770000240000,7275408431383221980);
INSERT INTO scope_runs VALUES(6,6,3,1,1,3,NULL,NULL,-1,NULL,NULL,1,0,0,NULL,5,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,5,1770000300000,1770000300000,-244125084875127881);
INSERT INTO scope_runs VALUES(7,7,2,1,0,0,NULL,NULL,-1,X'6174',NULL,1,0,0,NULL,2,0,1,3,1,1,0,0,0,1,0,0,0,3,0,0,0,1770000360000,NULL,1384528787051975809);
CREATE TABLE batches(batch INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs,
  scope INTEGER NOT NULL REFERENCES scopes, sequence INTEGER NOT NULL,
  epoch INTEGER NOT NULL DEFAULT 0,
  received INTEGER NOT NULL CHECK(received >= 0), created INTEGER NOT NULL CHECK(created >= 0),
  changed INTEGER NOT NULL CHECK(changed >= 0),
  unchanged INTEGER NOT NULL CHECK(unchanged >= 0),
  duplicate INTEGER NOT NULL CHECK(duplicate >= 0),
  filtered INTEGER NOT NULL CHECK(filtered >= 0), dead INTEGER NOT NULL CHECK(dead >= 0),
  reappeared INTEGER NOT NULL CHECK(reappeared BETWEEN 0 AND changed),
  conflicts INTEGER NOT NULL CHECK(conflicts BETWEEN 0 AND duplicate),
  unreadable INTEGER NOT NULL, orphans INTEGER NOT NULL CHECK(orphans BETWEEN 0 AND filtered),
  distinct_items INTEGER NOT NULL, seen_count INTEGER NOT NULL, seen BLOB,
  position BLOB, bookmark BLOB, at_ms INTEGER NOT NULL, link BLOB NOT NULL, kind TEXT NOT NULL DEFAULT 'page'
  CHECK(kind IN ('page','replay')), superseded INTEGER NOT NULL DEFAULT 0
  CHECK(superseded BETWEEN 0 AND filtered),
  UNIQUE(run, scope, sequence),
  CONSTRAINT books_balance
    CHECK(received = created + changed + unchanged + duplicate + filtered + dead));
INSERT INTO batches VALUES(1,1,1,1,0,3,3,0,0,0,0,0,0,0,0,0,3,3,X'030101010000',X'6174',NULL,1770000000000,X'6e6285f3d3d51d11ddc1302220489f4739439fded351909bfbba65d8517c7935','page',0);
INSERT INTO batches VALUES(2,2,1,1,0,5,0,1,1,0,1,2,0,0,1,0,4,4,X'02010100021f7b756ef6b51240ce42be5b50c3a3ca',X'6174',NULL,1770000060000,X'c5a5bdddf667d3f01d4e4a5aa189f3024dc2c27e219d0692d50550846ab9b26f','page',0);
INSERT INTO batches VALUES(3,3,2,1,0,2,1,1,0,0,0,0,0,0,0,0,2,2,X'0201030000',X'6174',NULL,1770000120000,X'aadab5a3f445cfde64117bb3fb2844aed52f98059e300b1cd7673ba1e19160df','page',0);
INSERT INTO batches VALUES(4,4,3,1,0,5,5,0,0,0,0,0,0,0,0,0,5,5,X'0505010101010000',X'6174',NULL,1770000180000,X'48da7c32fa084e16bc62da1d289a1baccba55d94b0e92024f964fd96fbab7cc6','page',0);
INSERT INTO batches VALUES(5,5,4,1,0,1,1,0,0,0,0,0,0,0,0,0,1,1,X'010a0000',X'6174',NULL,1770000240000,X'252c056f3e03a4492e802138e463251144643bb5b0da798276f9b00f2869a44d','page',0);
INSERT INTO batches VALUES(6,6,3,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,X'000000',X'6174',NULL,1770000300000,X'7b9e6fd761cbcd7bc3e173ec41039a59666730280dc2e068dc8ae4dd2d028612','page',0);
INSERT INTO batches VALUES(7,7,2,1,0,3,1,1,0,0,0,1,0,0,0,0,3,3,X'0204070001b213b6e7c0047b48',X'6174',NULL,1770000360000,X'e64469dc2508551d0d923cc807061a35ae2aeff51b39d9ccc7b2263ec5aedcf2','page',0);
CREATE TABLE dead_letters(letter INTEGER PRIMARY KEY, batch INTEGER NOT NULL,
  run INTEGER NOT NULL, scope INTEGER NOT NULL, declaration INTEGER NOT NULL,
  item INTEGER NOT NULL, records INTEGER NOT NULL CHECK(records >= 0), code TEXT NOT NULL,
  reason TEXT, why TEXT, pointer TEXT, id TEXT, raw BLOB,
  state TEXT NOT NULL DEFAULT 'open'
    CHECK(state IN ('open','replayed','discarded','superseded')),
  at_ms INTEGER NOT NULL, closed_ms INTEGER, closed_by TEXT, closed_reason TEXT, now_reason TEXT, now_why TEXT, now_pointer TEXT, now_declaration INTEGER, tried_ms INTEGER, closed_run INTEGER, closed_batch INTEGER, sum INTEGER);
INSERT INTO dead_letters VALUES(1,2,2,1,1,0,1,'content','field_missing','no login','/login','x',X'7b22626164223a317d','open',1770000060000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,580447672066342892);
INSERT INTO dead_letters VALUES(2,2,2,1,1,0,1,'content','field_missing','no login','/login',NULL,X'7b22626164223a317d','discarded',1770000060000,1770000120000,'ann','a test',NULL,NULL,NULL,NULL,NULL,NULL,NULL,-7090762486119059465);
INSERT INTO dead_letters VALUES(3,7,7,2,1,0,1,'content','field_missing','no login','/login','y',X'7b22626164223a317d','open',1770000360000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,-4087633845809999529);
CREATE TABLE objects(object INTEGER PRIMARY KEY, scope INTEGER NOT NULL,
  state INTEGER NOT NULL, shared INTEGER NOT NULL, failed INTEGER NOT NULL,
  kind INTEGER NOT NULL, connection INTEGER NOT NULL, id TEXT NOT NULL, incarnation TEXT,
  bytes_hash BLOB, content_hash BLOB, mapping INTEGER NOT NULL, run INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, version_ms INTEGER NOT NULL,
  absent_run INTEGER, absent_proven INTEGER, evidence TEXT,
  fields TEXT, volatiles TEXT, raw TEXT, attributes TEXT, carry TEXT, sum INTEGER);
INSERT INTO objects VALUES(1,1,0,1,0,2,1,'a',NULL,NULL,X'ee1de514268566b24d74482f1e87569e',3,3,1770000000000,1770000120000,1770000120000,NULL,NULL,NULL,'{"login":"anna"}',NULL,NULL,'{"login":"anna"}',NULL,5670645328055616799);
INSERT INTO objects VALUES(2,1,0,0,0,2,1,'b',NULL,X'e155324464b0f232baee3bbd9d9c2a25',X'e155324464b0f232baee3bbd9d9c2a25',1,1,1770000000000,1770000000000,1770000000000,NULL,NULL,NULL,'{"login":"l"}',NULL,NULL,'{"login":"l"}',NULL,1584195175582403157);
INSERT INTO objects VALUES(3,1,1,0,0,2,1,'c',NULL,X'e155324464b0f232baee3bbd9d9c2a25',X'e155324464b0f232baee3bbd9d9c2a25',1,2,1770000000000,1770000000000,1770000060000,2,1,NULL,'{"login":"l"}',NULL,NULL,'{"login":"l"}',NULL,7062399563393789);
INSERT INTO objects VALUES(4,2,0,0,0,2,1,'d',NULL,X'5088d3307fb79878614fc7385d2e6629',X'5088d3307fb79878614fc7385d2e6629',2,7,1770000120000,1770000360000,1770000360000,NULL,NULL,NULL,'{"login":"dora"}',NULL,NULL,'{"login":"dora"}',NULL,-9218431216547330548);
INSERT INTO objects VALUES(5,3,0,0,0,3,1,'g1',NULL,X'aedf16e37ad484bfcfb21e06c00b7076',X'aedf16e37ad484bfcfb21e06c00b7076',4,4,1770000180000,1770000180000,1770000180000,NULL,NULL,NULL,'{"name":"n"}',NULL,NULL,'{"name":"n"}',NULL,6140515006222220764);
INSERT INTO objects VALUES(6,3,0,0,0,3,1,'g2',NULL,X'aedf16e37ad484bfcfb21e06c00b7076',X'aedf16e37ad484bfcfb21e06c00b7076',4,4,1770000180000,1770000180000,1770000180000,NULL,NULL,NULL,'{"name":"n"}',NULL,NULL,'{"name":"n"}',NULL,1034088849804979287);
INSERT INTO objects VALUES(7,3,0,0,0,3,1,'g3',NULL,X'aedf16e37ad484bfcfb21e06c00b7076',X'aedf16e37ad484bfcfb21e06c00b7076',4,4,1770000180000,1770000180000,1770000180000,NULL,NULL,NULL,'{"name":"n"}',NULL,NULL,'{"name":"n"}',NULL,-8095837072618222145);
INSERT INTO objects VALUES(8,3,0,0,0,3,1,'g4',NULL,X'aedf16e37ad484bfcfb21e06c00b7076',X'aedf16e37ad484bfcfb21e06c00b7076',4,4,1770000180000,1770000180000,1770000180000,NULL,NULL,NULL,'{"name":"n"}',NULL,NULL,'{"name":"n"}',NULL,-5576384856968708704);
INSERT INTO objects VALUES(9,3,0,0,0,3,1,'g5',NULL,X'aedf16e37ad484bfcfb21e06c00b7076',X'aedf16e37ad484bfcfb21e06c00b7076',4,4,1770000180000,1770000180000,1770000180000,NULL,NULL,NULL,'{"name":"n"}',NULL,NULL,'{"name":"n"}',NULL,-1385474849910316265);
INSERT INTO objects VALUES(10,4,0,0,0,7,1,'a',NULL,X'e155324464b0f232baee3bbd9d9c2a25',X'e155324464b0f232baee3bbd9d9c2a25',5,5,1770000240000,1770000240000,1770000240000,NULL,NULL,NULL,'{"login":"l"}',NULL,NULL,'{"login":"l"}',NULL,-1203126150884292955);
INSERT INTO objects VALUES(11,2,0,0,0,2,1,'e',NULL,X'e155324464b0f232baee3bbd9d9c2a25',X'e155324464b0f232baee3bbd9d9c2a25',2,7,1770000360000,1770000360000,1770000360000,NULL,NULL,NULL,'{"login":"l"}',NULL,NULL,'{"login":"l"}',NULL,1137444627104844615);
CREATE TABLE lookups(hash INTEGER NOT NULL, object INTEGER NOT NULL,
  PRIMARY KEY(hash, object)) WITHOUT ROWID;
INSERT INTO lookups VALUES(-7731809163114913692,6);
INSERT INTO lookups VALUES(-7133197330965843592,5);
INSERT INTO lookups VALUES(-6082990048159064541,8);
INSERT INTO lookups VALUES(-5651278263080662882,1);
INSERT INTO lookups VALUES(-2899671615900206683,9);
INSERT INTO lookups VALUES(-2559179865708592765,3);
INSERT INTO lookups VALUES(1004269495255245221,2);
INSERT INTO lookups VALUES(5929150013986370343,7);
INSERT INTO lookups VALUES(7006124017007215827,4);
CREATE TABLE contributions(object INTEGER NOT NULL, scope INTEGER NOT NULL,
  state INTEGER NOT NULL, failed INTEGER NOT NULL DEFAULT 0, bytes_hash BLOB,
  content_hash BLOB, mapping INTEGER NOT NULL, run INTEGER NOT NULL, absent_run INTEGER,
  absent_proven INTEGER, fields TEXT, volatiles TEXT, raw TEXT, attributes TEXT, carry TEXT, sum INTEGER,
  PRIMARY KEY(object, scope)) WITHOUT ROWID;
INSERT INTO contributions VALUES(1,1,0,0,X'f1621b48891a778114e020da95b5cd2a',X'f1621b48891a778114e020da95b5cd2a',1,2,NULL,NULL,'{"login":"anna"}',NULL,NULL,'{"login":"anna"}',NULL,-3829171433020193290);
INSERT INTO contributions VALUES(1,2,0,0,X'e155324464b0f232baee3bbd9d9c2a25',X'e155324464b0f232baee3bbd9d9c2a25',2,3,NULL,NULL,'{"login":"l"}',NULL,NULL,'{"login":"l"}',NULL,-1954420885356815733);
CREATE TABLE object_history(version INTEGER PRIMARY KEY, object INTEGER NOT NULL,
  state INTEGER NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,
  from_run INTEGER NOT NULL, to_run INTEGER NOT NULL, mapping INTEGER NOT NULL,
  scope INTEGER NOT NULL, content_hash BLOB, fields TEXT, raw TEXT, attributes TEXT,
  evidence TEXT, sum INTEGER);
INSERT INTO object_history VALUES(1,1,0,1770000000000,1770000060000,1,2,1,1,X'e155324464b0f232baee3bbd9d9c2a25','{"login":"l"}',NULL,'{"login":"l"}',NULL,-6552388997153446881);
INSERT INTO object_history VALUES(2,3,0,1770000000000,1770000060000,1,2,1,1,X'e155324464b0f232baee3bbd9d9c2a25','{"login":"l"}',NULL,'{"login":"l"}',NULL,7755204906649150614);
INSERT INTO object_history VALUES(3,1,0,1770000060000,1770000120000,2,3,1,1,X'f1621b48891a778114e020da95b5cd2a','{"login":"anna"}',NULL,'{"login":"anna"}',NULL,7893823904027871967);
INSERT INTO object_history VALUES(4,4,0,1770000120000,1770000360000,3,7,2,2,X'e155324464b0f232baee3bbd9d9c2a25','{"login":"l"}',NULL,'{"login":"l"}',NULL,-9105962585030716741);
CREATE TABLE tallies(connection INTEGER NOT NULL, kind INTEGER NOT NULL,
  state INTEGER NOT NULL, count INTEGER NOT NULL CHECK(count >= 0),
  PRIMARY KEY(connection, kind, state)) WITHOUT ROWID;
INSERT INTO tallies VALUES(1,2,0,4);
INSERT INTO tallies VALUES(1,2,1,1);
INSERT INTO tallies VALUES(1,3,0,5);
INSERT INTO tallies VALUES(1,7,0,1);
CREATE TABLE holds(hold INTEGER PRIMARY KEY, run INTEGER NOT NULL, scope INTEGER NOT NULL,
  after_batch INTEGER NOT NULL, proven INTEGER NOT NULL, count INTEGER NOT NULL,
  of_live INTEGER NOT NULL, reason TEXT NOT NULL, keys BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'open'
    CHECK(state IN ('open','approved','rejected','superseded')),
  at_ms INTEGER NOT NULL, decided_ms INTEGER, decided_by TEXT, sum INTEGER);
INSERT INTO holds VALUES(1,6,3,6,1,5,5,'more objects missing at once than the guard lets pass: group g1, group g2, group g3 and 2 more',X'050501010101','open',1770000300000,NULL,NULL,-1264093539056243015);
CREATE TABLE drifts(drift INTEGER PRIMARY KEY, stream INTEGER NOT NULL, what TEXT NOT NULL,
  path TEXT NOT NULL, type TEXT NOT NULL DEFAULT '', count INTEGER NOT NULL,
  first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL, UNIQUE(stream, what, path, type));
INSERT INTO drifts VALUES(1,1,'new_path','/mail','string',3,2,2,1770000060000,1770000060000);
CREATE TABLE refresh_tokens(credential BLOB PRIMARY KEY, sealed BLOB NOT NULL,
  at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE recent_lookups(hash INTEGER NOT NULL, object INTEGER NOT NULL,
  PRIMARY KEY(hash, object)) WITHOUT ROWID;
INSERT INTO recent_lookups VALUES(-1624187466876716822,11);
INSERT INTO recent_lookups VALUES(-113090240684395580,10);
CREATE TABLE shapes(stream INTEGER NOT NULL, shape INTEGER NOT NULL,
  first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, items INTEGER NOT NULL,
  paths BLOB, PRIMARY KEY(stream, shape)) WITHOUT ROWID;
CREATE TABLE paths(path INTEGER PRIMARY KEY, stream INTEGER NOT NULL,
  name TEXT NOT NULL, types INTEGER NOT NULL, items INTEGER NOT NULL DEFAULT 0,
  of_items INTEGER NOT NULL DEFAULT 0, vanished INTEGER NOT NULL DEFAULT 0,
  UNIQUE(stream, name));
CREATE INDEX scopes_by_parent ON scopes(parent_object) WHERE parent_object IS NOT NULL;
CREATE INDEX rounds_by_connection ON rounds(connection, round);
CREATE INDEX runs_by_stream ON runs(stream, run);
CREATE INDEX scope_runs_by_scope ON scope_runs(scope, run);
CREATE INDEX dead_letters_by_batch ON dead_letters(batch);
CREATE INDEX dead_letters_open ON dead_letters(scope, run) WHERE state = 'open';
CREATE INDEX objects_by_scope ON objects(scope, state) WHERE shared = 0;
CREATE INDEX contributions_by_scope ON contributions(scope, state, object);
CREATE INDEX history_by_object ON object_history(object, version);
CREATE INDEX holds_open ON holds(scope) WHERE state = 'open';
CREATE INDEX dead_letters_by_replay ON dead_letters(closed_run)
  WHERE closed_run IS NOT NULL;
CREATE INDEX drifts_by_run ON drifts(first_run, what);
CREATE VIEW run AS SELECT r.run, c.name AS connection, t.name AS stream, r.what, r.round,
  CASE WHEN r.ended_ms IS NULL THEN 'running' ELSE CASE r.proof WHEN 3 THEN 'proven' WHEN 2 THEN 'asserted' WHEN 1 THEN 'partial' ELSE 'none' END END AS proof,
  r.reason, r.full, r.why_full, count(s.scope_run) AS scopes, coalesce(sum(s.pages),0) AS pages, coalesce(sum(s.received),0) AS received, coalesce(sum(s.created),0) AS created, coalesce(sum(s.changed),0) AS changed, coalesce(sum(s.unchanged),0) AS unchanged,
  coalesce(sum(s.duplicate),0) AS duplicate, coalesce(sum(s.filtered),0) AS filtered, coalesce(sum(s.dead),0) AS dead, coalesce(sum(s.reappeared),0) AS reappeared, coalesce(sum(s.conflicts),0) AS conflicts, coalesce(sum(s.missing),0) AS missing, coalesce(sum(s.deleted),0) AS deleted, coalesce(sum(s.held),0) AS held,
  (SELECT count(*) FROM drifts x WHERE x.first_run = r.run) AS drift,
  r.requests, r.retries, r.throttled_ms, strftime('%Y-%m-%dT%H:%M:%fZ',r.started_ms/1000.0,'unixepoch') AS started_at,
  strftime('%Y-%m-%dT%H:%M:%fZ',r.ended_ms/1000.0,'unixepoch') AS ended_at, lower(hex(d.hash)) AS declaration
FROM runs r JOIN streams t ON t.stream = r.stream
JOIN connections c ON c.connection = t.connection
LEFT JOIN declarations d ON d.declaration = r.declaration
LEFT JOIN scope_runs s ON s.run = r.run GROUP BY r.run;
CREATE VIEW batch AS SELECT b.batch, b.run, c.name AS connection, t.name AS stream,
  nullif(p.parent, '') AS parent, b.kind, b.scope, b.sequence, b.epoch, b.received, b.created,
  b.changed, b.unchanged, b.duplicate, b.filtered, b.dead, b.reappeared, b.conflicts,
  b.unreadable, b.orphans, b.superseded, b.distinct_items, b.seen_count, b.position, strftime('%Y-%m-%dT%H:%M:%fZ',b.at_ms/1000.0,'unixepoch') AS at, lower(hex(b.link)) AS link
FROM batches b JOIN scopes p ON p.scope = b.scope
JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection;
CREATE VIEW dead_letter AS SELECT l.letter, c.name AS connection, t.name AS stream, nullif(p.parent, '') AS parent,
  l.run, l.batch, b.sequence AS page,
  l.item, l.records, l.code, l.reason, l.why, l.pointer, l.id, l.raw, l.state,
  strftime('%Y-%m-%dT%H:%M:%fZ',l.at_ms/1000.0,'unixepoch') AS at, strftime('%Y-%m-%dT%H:%M:%fZ',l.closed_ms/1000.0,'unixepoch') AS closed_at, l.closed_by, l.closed_reason,
  l.closed_run AS replay_run, l.closed_batch AS replay_batch, l.now_reason, l.now_why,
  l.now_pointer, strftime('%Y-%m-%dT%H:%M:%fZ',l.tried_ms/1000.0,'unixepoch') AS tried_at, lower(hex(n.hash)) AS tried_declaration,
  lower(hex(d.hash)) AS declaration
FROM dead_letters l JOIN scopes p ON p.scope = l.scope
JOIN streams t ON t.stream = p.stream JOIN connections c ON c.connection = t.connection
LEFT JOIN batches b ON b.batch = l.batch
LEFT JOIN declarations d ON d.declaration = l.declaration
LEFT JOIN declarations n ON n.declaration = l.now_declaration;
CREATE VIEW verdict AS WITH given AS (SELECT t.connection, k.kind, t.stream, t.name, t.closed, t.complete_ms,
    t.complete_proof, r.proof, r.reason, t.last_run, (SELECT count(*) FROM dead_letters l
      JOIN scopes p ON p.scope = l.scope WHERE l.state = 'open' AND p.stream = t.stream) AS letters,
    CASE WHEN t.last_run IS NULL THEN 0 WHEN t.closed THEN 1 WHEN r.proof >= 2 THEN r.proof + 1
      ELSE 2 END AS rank
  FROM streams t JOIN stream_kinds k ON k.stream = t.stream
  LEFT JOIN runs r ON r.run = t.last_run WHERE t.selected AND NOT t.enriches),
summed AS (SELECT connection, kind, count(*) AS streams, min(rank) AS least,
    max(last_run) AS last_run, count(complete_ms) AS complete_streams,
    min(complete_ms) AS complete_ms, min(complete_proof) AS complete_proof,
    group_concat(CASE WHEN rank < 3 OR (rank = 3 AND letters) THEN name || ': ' || CASE rank
      WHEN 0 THEN 'not collected' WHEN 1 THEN 'not permitted' ELSE coalesce(reason, 'partial') END
      || CASE WHEN letters THEN printf(' (%d dead letters open)', letters) ELSE '' END END,
      '; ') AS gaps
  FROM given GROUP BY connection, kind)
SELECT c.name AS connection, k.name AS kind,
  CASE WHEN s.last_run IS NULL THEN 'not collected' WHEN s.least = 4 THEN 'proven'
    WHEN s.least = 3 THEN 'asserted' WHEN s.least = 1 AND s.streams = 1 THEN 'not permitted'
    ELSE 'partial' END AS verdict,
  CASE WHEN s.complete_streams = s.streams THEN strftime('%Y-%m-%dT%H:%M:%fZ',s.complete_ms/1000.0,'unixepoch') END AS complete_as_of,
  CASE WHEN s.complete_streams = s.streams THEN CASE s.complete_proof WHEN 3 THEN 'proven' WHEN 2 THEN 'asserted' WHEN 1 THEN 'partial' ELSE 'none' END ELSE 'none' END AS proof,
  s.gaps,
  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection
    AND a.kind = k.kind AND a.state = 0), 0) AS live,
  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection
    AND a.kind = k.kind AND a.state = 1), 0) AS missing,
  coalesce((SELECT count FROM tallies a WHERE a.connection = c.connection
    AND a.kind = k.kind AND a.state = 2), 0) AS deleted,
  (SELECT count(*) FROM dead_letters l JOIN scopes p ON p.scope = l.scope
    JOIN stream_kinds x ON x.stream = p.stream AND x.kind = k.kind
    JOIN streams t ON t.stream = p.stream
    WHERE l.state = 'open' AND t.connection = c.connection) AS dead,
  coalesce((SELECT sum(h.count) FROM holds h JOIN scopes p ON p.scope = h.scope
    JOIN stream_kinds x ON x.stream = p.stream AND x.kind = k.kind
    JOIN streams t ON t.stream = p.stream
    WHERE h.state = 'open' AND t.connection = c.connection), 0) AS held,
  s.last_run,
  (SELECT count(*) FROM rounds r WHERE r.connection = c.connection
    AND r.state = 'failed' AND r.round > coalesce((SELECT max(d.round) FROM rounds d
      WHERE d.connection = c.connection AND d.state = 'done'), 0)) AS failures,
  (SELECT strftime('%Y-%m-%dT%H:%M:%fZ',max(r.ended_ms)/1000.0,'unixepoch') FROM rounds r
    WHERE r.connection = c.connection AND r.state = 'failed') AS failed_at
FROM connections c CROSS JOIN kinds k
LEFT JOIN summed s ON s.connection = c.connection AND s.kind = k.kind;
CREATE VIEW "account" AS SELECT c.name AS connection, t.name AS stream, o.id,
  CASE o.state WHEN 0 THEN 'live' WHEN 1 THEN 'missing' WHEN 2 THEN 'deleted' ELSE 'filtered' END AS state, strftime('%Y-%m-%dT%H:%M:%fZ',o.first_ms/1000.0,'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ',CASE o.state WHEN 0 THEN max(o.seen_ms,coalesce(p.complete_ms,0)) ELSE o.seen_ms END/1000.0,'unixepoch') AS last_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ',o.version_ms/1000.0,'unixepoch') AS last_changed, o.attributes,
  coalesce(json_extract(o.fields,'$.incarnation'),json_extract(o.volatiles,'$.incarnation'),o.incarnation) AS "incarnation",
  coalesce(json_extract(o.fields,'$.external_id'),json_extract(o.volatiles,'$.external_id')) AS "external_id",
  coalesce(json_extract(o.fields,'$.employee_id'),json_extract(o.volatiles,'$.employee_id')) AS "employee_id",
  coalesce(json_extract(o.fields,'$.manager_id'),json_extract(o.volatiles,'$.manager_id')) AS "manager_id",
  coalesce(json_extract(o.fields,'$.expires_at'),json_extract(o.volatiles,'$.expires_at')) AS "expires_at",
  coalesce(json_extract(o.fields,'$.status_raw'),json_extract(o.volatiles,'$.status_raw')) AS "status_raw",
  coalesce(json_extract(o.fields,'$.origin'),json_extract(o.volatiles,'$.origin')) AS "origin",
  coalesce(json_extract(o.fields,'$.class'),json_extract(o.volatiles,'$.class')) AS "class",
  coalesce(json_extract(o.fields,'$.class_basis'),json_extract(o.volatiles,'$.class_basis')) AS "class_basis",
  coalesce(json_extract(o.fields,'$.login'),json_extract(o.volatiles,'$.login')) AS "login",
  coalesce(json_extract(o.fields,'$.email'),json_extract(o.volatiles,'$.email')) AS "email",
  coalesce(json_extract(o.fields,'$.display_name'),json_extract(o.volatiles,'$.display_name')) AS "display_name",
  coalesce(json_extract(o.fields,'$.status'),json_extract(o.volatiles,'$.status')) AS "status",
  coalesce(json_extract(o.fields,'$.privileged'),json_extract(o.volatiles,'$.privileged')) AS "privileged",
  coalesce(json_extract(o.fields,'$.created_at'),json_extract(o.volatiles,'$.created_at')) AS "created_at",
  coalesce(json_extract(o.fields,'$.last_login_at'),json_extract(o.volatiles,'$.last_login_at')) AS "last_login_at",
  coalesce(json_extract(o.fields,'$.mfa'),json_extract(o.volatiles,'$.mfa')) AS "mfa",
  coalesce(json_extract(o.fields,'$.owner_id'),json_extract(o.volatiles,'$.owner_id')) AS "owner_id",
  json_patch('{}',json_object('incarnation',CASE coalesce(json_type(o.fields,'$.incarnation'),json_type(o.volatiles,'$.incarnation'),o.incarnation,'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.incarnation'),'not_requested') END,
    'external_id',CASE coalesce(json_type(o.fields,'$.external_id'),json_type(o.volatiles,'$.external_id'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.external_id'),'not_requested') END,
    'employee_id',CASE coalesce(json_type(o.fields,'$.employee_id'),json_type(o.volatiles,'$.employee_id'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.employee_id'),'not_requested') END,
    'manager_id',CASE coalesce(json_type(o.fields,'$.manager_id'),json_type(o.volatiles,'$.manager_id'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.manager_id'),'not_requested') END,
    'expires_at',CASE coalesce(json_type(o.fields,'$.expires_at'),json_type(o.volatiles,'$.expires_at'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.expires_at'),'not_requested') END,
    'status_raw',CASE coalesce(json_type(o.fields,'$.status_raw'),json_type(o.volatiles,'$.status_raw'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.status_raw'),'not_requested') END,
    'origin',CASE coalesce(json_type(o.fields,'$.origin'),json_type(o.volatiles,'$.origin'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.origin'),'not_requested') END,
    'class',CASE coalesce(json_type(o.fields,'$.class'),json_type(o.volatiles,'$.class'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.class'),'not_requested') END,
    'class_basis',CASE coalesce(json_type(o.fields,'$.class_basis'),json_type(o.volatiles,'$.class_basis'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.class_basis'),'not_requested') END,
    'login',CASE coalesce(json_type(o.fields,'$.login'),json_type(o.volatiles,'$.login'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.login'),'not_requested') END,
    'email',CASE coalesce(json_type(o.fields,'$.email'),json_type(o.volatiles,'$.email'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.email'),'not_requested') END,
    'display_name',CASE coalesce(json_type(o.fields,'$.display_name'),json_type(o.volatiles,'$.display_name'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.display_name'),'not_requested') END,
    'status',CASE coalesce(json_type(o.fields,'$.status'),json_type(o.volatiles,'$.status'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.status'),'not_requested') END,
    'privileged',CASE coalesce(json_type(o.fields,'$.privileged'),json_type(o.volatiles,'$.privileged'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.privileged'),'not_requested') END,
    'created_at',CASE coalesce(json_type(o.fields,'$.created_at'),json_type(o.volatiles,'$.created_at'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.created_at'),'not_requested') END,
    'last_login_at',CASE coalesce(json_type(o.fields,'$.last_login_at'),json_type(o.volatiles,'$.last_login_at'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.last_login_at'),'not_requested') END,
    'mfa',CASE coalesce(json_type(o.fields,'$.mfa'),json_type(o.volatiles,'$.mfa'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.mfa'),'not_requested') END,
    'owner_id',CASE coalesce(json_type(o.fields,'$.owner_id'),json_type(o.volatiles,'$.owner_id'),'none') WHEN 'null' THEN 'null' WHEN 'none' THEN coalesce(json_extract(m.states,'$.owner_id'),'not_requested') END)) AS field_state,
  CASE o.failed WHEN 0 THEN 'ok' ELSE 'failed' END AS mapping, o.raw, o.run,
  o.evidence, lower(hex(o.content_hash)) AS content_hash, lower(hex(d.hash)) AS declaration, o.object
FROM objects o LEFT JOIN connections c ON c.connection = o.connection
LEFT JOIN scopes p ON p.scope = o.scope LEFT JOIN streams t ON t.stream = p.stream
LEFT JOIN mappings m ON m.mapping = o.mapping
LEFT JOIN declarations d ON d.declaration = m.declaration
WHERE o.kind = 2;
CREATE TRIGGER letters_match BEFORE INSERT ON batches
WHEN NEW.dead <> (SELECT coalesce(sum(records), 0) FROM dead_letters
  WHERE batch = NEW.batch) BEGIN
  SELECT RAISE(ABORT, 'dead differs from the dead letters written'); END;
ALTER TABLE runs ADD COLUMN present_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;
COMMIT;
PRAGMA user_version=6;
PRAGMA application_id=1297306706;
