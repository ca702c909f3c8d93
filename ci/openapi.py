"""Checks the description in a file: that it is OpenAPI 3.1, and that each example fits its schema."""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def look_up(document, value):
    """Follows a reference within the document."""
    if isinstance(value, dict) and "$ref" in value:
        at = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            at = at[name.replace("~1", "/").replace("~0", "~")]
        return at
    return value


def contents(operation):
    """Yields the contents of an operation's request and answers, with where they are."""
    yield "request", (operation.get("requestBody") or {}).get("content", {})
    for status, response in operation["responses"].items():
        yield status, response.get("content", {})


def main(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    errors = [f"the document: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
    registry = Registry().with_resource("urn:api", Resource(contents=document, specification=DRAFT202012))
    operations = examples = 0
    for route, item in document["paths"].items():
        for method, operation in item.items():
            operations += 1
            checks = [
                (f"parameter {parameter['name']}", parameter["schema"], parameter["example"])
                for parameter in operation.get("parameters", [])
            ]
            for where, content in contents(operation):
                for media, body in content.items():
                    for name, example in body.get("examples", {}).items():
                        value = look_up(document, example)["value"]
                        checks.append((f"{where} {media} {name}", body["schema"], value))
            for where, schema, value in checks:
                examples += 1
                text = json.dumps(schema).replace('"#/', '"urn:api#/')
                validator = Draft202012Validator(json.loads(text), registry=registry)
                for error in validator.iter_errors(value):
                    errors.append(f"{method} {route}: {where}: {error.message[:300]}")
    print("\n".join(errors))
    print(f"{operations} operations, {examples} examples, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
