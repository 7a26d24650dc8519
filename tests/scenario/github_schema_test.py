# SPDX-License-Identifier: Apache-2.0
"""The GitHub connector against GitHub's OpenAPI description: every path, query parameter, pointer, required field and mapped word that the
connector declares is one that GitHub describes. Reads the declaration as the host reads it (muster lint --json)."""
import json
import re
import subprocess

from lab import CONNECTORS, MUSTER, check, finish
from npm import install

PAGE_MOST = 100  # "The number of results per page (max 100)"


class Description:
    """The description, with its references resolved on the way."""

    def __init__(self, path):
        self.root = json.loads(path.read_text(encoding="utf-8"))

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.root
            for word in node["$ref"].removeprefix("#/").split("/"):
                target = target[word.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def shapes(self, schema):
        """The alternatives of a schema, none of which is a combination itself."""
        schema = self.resolve(schema)
        for combination in ("allOf", "anyOf", "oneOf"):
            if combination in schema:
                return [shape for part in schema[combination] for shape in self.shapes(part)]
        return [schema]

    def step(self, shapes, word):
        """The alternatives one member or element further; none where the description knows no such member."""
        return [further for shape in shapes for inner in [shape.get("items") if word.isdigit() else shape.get("properties", {}).get(word)]
                if inner is not None for further in self.shapes(inner)]

    def at(self, shapes, pointer):
        for word in pointer.split("/")[1:]:
            shapes = self.step(shapes, word.replace("~1", "/").replace("~0", "~"))
        return shapes

    def always_there(self, shapes, pointer):
        """Required all along the pointer, and never null."""
        for word in pointer.split("/")[1:]:
            if not shapes or not all(word in shape.get("required", []) for shape in shapes):
                return False
            shapes = self.step(shapes, word)
        return all(not shape.get("nullable") for shape in shapes)

    def operation(self, template):
        """The GET operation whose path has the same fixed words."""
        wanted = re.sub(r"\{[^}]+\}", "{}", template)
        found = [methods["get"] for path, methods in self.root["paths"].items()
                 if re.sub(r"\{[^}]+\}", "{}", path) == wanted and "get" in methods]
        return found[0] if found else None

    def body(self, operation, status):
        answer = self.resolve(operation["responses"].get(status, {}))
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        return self.shapes(schema) if schema else []


def types(shapes):
    return {shape.get("type") for shape in shapes}


def items_of(description, stream, body):
    shapes = description.at(body, stream.get("items") or "")
    if stream.get("items_form") == "object":
        return shapes
    check(types(shapes) == {"array"}, f"{stream['name']}: {stream.get('items') or 'the body'} is a list: {types(shapes)}")
    return [further for shape in shapes for further in description.shapes(shape.get("items", {}))]


def check_query(description, stream, operation):
    known = {parameter["name"]: description.shapes(parameter["schema"])[0]
             for parameter in map(description.resolve, operation.get("parameters", [])) if parameter["in"] == "query"}
    for pair in stream["request"].get("query", []):
        check(pair["name"] in known, f"{stream['name']}: query parameter {pair['name']} is known: {sorted(known)}")
        words = known.get(pair["name"], {}).get("enum")
        check(not words or pair["value"] in words, f"{stream['name']}: {pair['name']}={pair['value']} is one of {words}")
    paging = stream.get("paging") or {}
    if paging.get("size_parameter"):
        check(paging["size_parameter"] in known, f"{stream['name']}: pages have a size")
        check(paging["size"] <= PAGE_MOST, f"{stream['name']}: {paging['size']} items a page are allowed")
    if paging.get("kind") == "link":
        headers = description.resolve(operation["responses"]["200"]).get("headers", {})
        check("Link" in headers, f"{stream['name']}: the answer has a Link header: {sorted(headers)}")
    if (paging.get("total") or {}).get("pointer"):
        total = description.at(description.body(operation, "200"), paging["total"]["pointer"])
        check(types(total) == {"integer"}, f"{stream['name']}: {paging['total']['pointer']} is a number: {types(total)}")
    else:
        check(not description.at(description.body(operation, "200"), "/total_count"), f"{stream['name']}: no total is left unused")


def check_field(description, stream, field, item):
    if field.get("source") in ("constant", "parent", "parameter"):
        return
    where = f"{stream['name']}: {field['to']} from {field['from']}"
    found = description.at(item, field["from"])
    if not check(bool(found), f"{where}: GitHub describes no such member"):
        return
    if field.get("or_from"):
        check(bool(description.at(item, field["or_from"])), f"{where}: nor {field['or_from']}")
    elif "required" in field.get("flags", []):
        check(description.always_there(item, field["from"]), f"{where} is required, and GitHub does not promise it")
    check(types(found) <= {"string", "integer", "boolean"}, f"{where}: one value: {types(found)}")
    words = {value["from"] for value in field.get("values", [])}
    if words:
        described = {"true", "false"} if types(found) == {"boolean"} else {word for shape in found for word in shape.get("enum", [])}
        check(described <= words, f"{where}: words without a meaning: {described - words}")


def check_parent(description, stream, streams):
    parent = stream.get("parent")
    names = set(re.findall(r"\{parent\.([a-z_]+)\}", stream["request"]["path"]))
    if not parent:
        check(not names, f"{stream['name']}: a path without a parent")
        return
    operation = description.operation(streams[parent["stream"]]["request"]["path"])
    item = items_of(description, streams[parent["stream"]], description.body(operation, "200"))
    for field in parent["fields"]:
        check(description.always_there(item, field["from"]), f"{stream['name']}: each of {parent['stream']} has {field['from']}")
    check(names <= {field["name"] for field in parent["fields"]}, f"{stream['name']}: the path's names are the parent's: {names}")


def check_errors(description, connector):
    error = description.shapes(description.root["components"]["schemas"]["basic-error"])
    pointers = [connector["envelope"]["message"]] + [word["also"]["pointer"] for word in connector["error_words"] if word.get("also")]
    for pointer in pointers:
        check(types(description.at(error, pointer)) == {"string"}, f"an error has {pointer}")


description = Description(install("github") / "node_modules/@octokit/openapi/generated/api.github.com.json")
done = subprocess.run([MUSTER, "lint", "--json", CONNECTORS / "github.so"], capture_output=True, text=True, timeout=60, check=False)
check(done.returncode == 0, f"the connector is sound: {done.stderr}")
connector = json.loads(done.stdout)
streams = {stream["name"]: stream for stream in connector["streams"]}
pointers = 0
for stream in connector["streams"]:
    operation = description.operation(stream["request"]["path"])
    if not check(operation is not None, f"{stream['name']}: GitHub describes {stream['request']['path']}"):
        continue
    item = items_of(description, stream, description.body(operation, "200"))
    check(not description.at(item, "/no_such_member"), f"{stream['name']}: the description is not boundless")
    check_query(description, stream, operation)
    check_parent(description, stream, streams)
    for record in stream["yields"]:
        for field in record["fields"]:
            check_field(description, stream, field, item)
            pointers += field.get("source") is None
check_errors(description, connector)
check(len(streams) == 12 and pointers >= 40, f"everything was looked at: {len(streams)} streams, {pointers} pointers")
finish()
