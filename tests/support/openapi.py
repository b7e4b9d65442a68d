"""docs/openapi.yaml as something to hold replies against, and a record of what has been seen of it."""

import json
import urllib.parse

import jsonschema
import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Every reply may have them, and they say nothing about an operation.
GENERAL_FIELDS = {"date", "connection", "content-length", "transfer-encoding", "content-type",
                  "vary", "access-control-allow-origin", "access-control-expose-headers"}


class Operation:
    """One method of one path, with all references resolved."""

    def __init__(self, description, method, path, item, operation):
        self.id = operation["operationId"]
        self.method = method.upper()
        self.path = path
        resolve = description.resolve
        parameters = [resolve(p) for p in [*item.get("parameters", []), *operation.get("parameters", [])]]
        self.parameters = {(p["in"], p["name"].lower()): p for p in parameters}
        self.body = resolve(operation.get("requestBody"))
        self.responses = {int(status): resolve(response)
                          for status, response in operation["responses"].items()}


class Description:
    """The document. `operations` maps an operationId to its Operation."""

    def __init__(self, text):
        self.document = yaml.safe_load(text)
        self.operations = {}
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = Operation(self, method, path, item, item[method])
                    self.operations[operation.id] = operation

    def resolve(self, node):
        while isinstance(node, dict) and str(node.get("$ref", "")).startswith("#/"):
            target = self.document
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    def problem_types(self):
        return {entry["const"] for entry in self.document["components"]["schemas"]["ProblemType"]["oneOf"]}

    def violations(self, schema, value):
        """What of a value is not as its schema says, in words."""
        # References lead into the document, which therefore stands around the schema.
        whole = {"components": self.document["components"], "allOf": [schema]}
        return [f"{error.json_path}: {error.message[:300]}"
                for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]

    def differences(self, operation, reply):
        """How a reply differs from what the operation's description lets expect, in words."""
        response = operation.responses.get(reply.status)
        if response is None:
            return [f"the status {reply.status} is not described"]
        found = self._in_fields(response.get("headers", {}), reply)
        content = response.get("content", {})
        if operation.method == "HEAD":
            return found + (["HEAD has a body"] if reply.body else [])
        if not content:
            has_body = reply.body or reply.media_type()
            return found + (["there is a body, or a type, and none is described"] if has_body else [])
        media = media_type_of(content, reply)
        if media is None:
            return found + [f"the type {reply.media_type()!r} is not described"]
        return found + self._in_body(resolved_schema(content[media]), reply)

    def unlike(self, operation, sent):
        """How a request that succeeds differs from what the description lets clients send, in words.

        `sent` maps the (place, name) of parameters to their texts, and "body" to (media type, bytes).
        """
        found = [f"{place} {name} is required" for (place, name), parameter in operation.parameters.items()
                 if parameter.get("required") and (place, name) not in sent]
        for part, text in sent.items():
            if part == "body":
                found += self._unlike_body(operation, *text)
            elif part not in operation.parameters:
                found.append(f"{' '.join(part)} is not described")
            else:
                schema = operation.parameters[part]["schema"]
                found += [f"{' '.join(part)}: {what}"
                          for what in self.violations(schema, self._read_as(schema, text))]
        if operation.body and operation.body.get("required") and "body" not in sent:
            found.append("a body is required")
        return found

    def _unlike_body(self, operation, media, body):
        if operation.body is None:
            return ["a body is not described"]
        content = next((operation.body["content"][name] for name in (media, "*/*")
                        if name in operation.body["content"]), None)
        if content is None:
            return [f"a body of type {media!r} is not described"]
        schema = resolved_schema(content)
        return self.violations(schema, json.loads(body)) if schema and "json" in media else []

    def _read_as(self, schema, text):
        """What a text stands for, where the schema wants no text; the text itself, if it is nothing such."""
        kinds = self.resolve(schema).get("type", "string")
        if "string" in kinds:
            return text
        try:
            return json.loads(text)
        except ValueError:
            return text

    def _in_fields(self, headers, reply):
        found = []
        for name, header in headers.items():
            header = self.resolve(header)
            value = reply.fields.get(name.lower())
            if value is None:
                if header.get("required"):
                    found.append(f"the field {name} is missing")
                continue
            if header["schema"].get("type") == "integer" and value.isdigit():
                value = int(value)
            found += [f"{name}: {what}" for what in self.violations(header["schema"], value)]
        described = GENERAL_FIELDS | {name.lower() for name in headers}
        return found + [f"the field {name} is not described"
                        for name in reply.fields if name not in described]

    def _in_body(self, schema, reply):
        if not schema:
            return []
        if "json" not in reply.media_type():
            return self.violations(schema, reply.body.decode())
        try:
            content = json.loads(reply.body)
        except ValueError as error:
            return [f"the body is no JSON: {error}"]
        found = self.violations(schema, content)
        if "problem" in reply.media_type() and content.get("status") != reply.status:
            found.append("the problem's status is not the reply's")
        return found


def resolved_schema(media):
    return media.get("schema", {})


def media_type_of(content, reply):
    """The described media type that a reply has: its own, or else any."""
    return next((name for name in (reply.media_type(), "*/*") if name in content), None)


class Seen:
    """Which parts of the description replies have shown.

    A part is a tuple that begins with an operationId: a status, a status with a media type, a field or
    a problem's type; or a parameter.
    """

    def __init__(self, description):
        self._description = description
        self._parts = set()
        self._types = set()

    def note(self, operation, reply, parameters=()):
        """`parameters` are the (place, name) of those that were sent."""
        self.note_types(reply)
        self._parts.add((operation.id, reply.status))
        if reply.status < 400:
            self._parts.update((operation.id, *parameter) for parameter in parameters)
        response = operation.responses[reply.status]
        for name in response.get("headers", {}):
            if name.lower() in reply.fields:
                self._parts.add((operation.id, reply.status, name))
        media = media_type_of(response.get("content", {}), reply)
        if media is not None:
            self._parts.add((operation.id, reply.status, media))
            if "problem" in media:
                self._parts.update((operation.id, reply.status, kind) for kind in reply.problem_types())

    def note_types(self, reply):
        self._types.update(reply.problem_types())

    def missing(self):
        """The parts of the description that no reply has shown, in order."""
        parts = {part for operation in self._description.operations.values() for part in parts_of(operation)}
        types = {("ProblemType", kind) for kind in self._description.problem_types() - self._types}
        return sorted(parts - self._parts | types, key=str)


def parts_of(operation):
    for place, name in operation.parameters:
        yield (operation.id, place, name)
    for status, response in operation.responses.items():
        yield (operation.id, status)
        for name in response.get("headers", {}):
            yield (operation.id, status, name)
        # A reply to HEAD has no body that could be told apart.
        for media, content in response.get("content", {}).items() if operation.method != "HEAD" else ():
            yield (operation.id, status, media)
            kind = resolved_schema(content).get("properties", {}).get("type", {})
            if "problem" in media:
                for urn in kind.get("enum", [kind["const"]] if "const" in kind else []):
                    yield (operation.id, status, urn)


def fill(path, values):
    """A path with {name}s, with percent-encoded values in their places."""
    for name, value in values.items():
        path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
    return path
