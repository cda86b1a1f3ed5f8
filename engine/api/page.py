"""How does a person read the API? One page made from the OpenAPI document, without a script or a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final, cast

Json = Mapping[str, Any]

_STYLE: Final = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}
code,pre{font:14px/1.4 ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:.3rem}
.m{display:inline-block;min-width:3.5rem;font-weight:700}.d{opacity:.75}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.2rem .6rem .2rem 0;
vertical-align:top}
"""


def done() -> str:
    """Where a buyer lands after a checkout that names no page of its own."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Thank you</title><style>{_STYLE}</style><h1>Thank you</h1>"
        "<p>The payment went through. You can close this page.</p></html>"
    )


def page(document: Json) -> str:
    """The whole page: every operation with its parameters, its body, an example and its answers."""
    info = cast("Json", document["info"])
    sections = "".join(_section(document, tag, operations) for tag, operations in _by_tag(document).items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        "<p>The same as a document for programs: <a href=/openapi.json>/openapi.json</a>.</p>"
        f"{sections}</html>"
    )


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    found: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in cast("Mapping[str, Json]", document["paths"]).items():
        for method, operation in cast("Mapping[str, Json]", methods).items():
            found.setdefault(operation["tags"][0], []).append((method, path, operation))
    return found


def _section(document: Json, tag: str, operations: list[tuple[str, str, Json]]) -> str:
    return f"<h2 id={escape(tag)}>{escape(tag)}</h2>" + "".join(
        _operation(document, method, path, operation) for method, path, operation in operations
    )


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    content = cast("Json", operation.get("requestBody", {})).get("content", {})
    form = _resolved(document, content.get("application/json", {}).get("schema", {}))
    return (
        f"<details><summary><span class=m>{method.upper()}</span> <code>{escape(path)}</code> "
        f"<span class=d>{escape(operation.get('summary', ''))}</span></summary>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"{_parameters(operation)}{_body(document, form)}{_answers(document, operation)}</details>"
    )


def _parameters(operation: Json) -> str:
    rows = [(f"{p['name']} ({p['in']})", p.get("description", "")) for p in operation.get("parameters", ())]
    return _table("Parameters", rows)


def _body(document: Json, form: Json) -> str:
    if not form:
        return ""
    required = set(form.get("required", ()))
    rows = [
        (name + (" *" if name in required else ""), _described(document, field))
        for name, field in form.get("properties", {}).items()
    ]
    examples = "".join(
        f"<pre>{escape(json.dumps(example, indent=2))}</pre>" for example in form.get("examples", ())
    )
    return _table("Body (* required; unknown names are refused)", rows) + examples


def _answers(document: Json, operation: Json) -> str:
    blocks: list[str] = []
    for status, answer in cast("Mapping[str, Json]", operation["responses"]).items():
        contents = cast("Mapping[str, Json]", answer.get("content", {})).values()
        forms = [_resolved(document, content.get("schema", {})) for content in contents]
        rows = [
            (name, _described(document, field))
            for form in forms
            for name, field in form.get("properties", {}).items()
        ]
        blocks.append(_table(f"{status}: {answer.get('description', '')}", rows))
    return "".join(blocks)


def _described(document: Json, field: Json) -> str:
    said = field.get("description") or _resolved(document, field).get("description", "")
    return ": ".join(part for part in (_kind(field), str(said)) if part)


def _kind(field: Json) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if "const" in field:
        return str(field["const"]).lower()
    if "anyOf" in field:
        return " | ".join(_kind(part) for part in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {})) or 'anything'}"
    return str(field.get("format") or field.get("type") or "")


def _resolved(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return cast("Json", document["components"]["schemas"][str(reference).rsplit("/", 1)[-1]])


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = "".join(f"<tr><td><code>{escape(a)}</code><td>{escape(b)}" for a, b in rows)
    return f"<p><b>{escape(title)}</b><table>{lines}</table>" if title else ""
