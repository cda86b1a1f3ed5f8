"""How does a person read the API? One page made from the OpenAPI document, without a script or a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final, cast

Json = Mapping[str, Any]

_CODE: Final = re.compile(r"`([^`]+)`")

_STYLE: Final = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}
code,pre{font:14px/1.4 ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:.3rem}
nav a{margin-right:1rem}
a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}a:hover{text-decoration-color:currentColor}
.m{display:inline-block;min-width:3.5rem;font-weight:700}.d{opacity:.75;margin-left:.6rem}
table{border-collapse:collapse;width:100%;table-layout:fixed}
td{border-top:1px solid var(--line);padding:.25rem .6rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}
td:first-child{width:13rem}
"""


FORMS: Final = "forms"
"""The part of the page that explains the forms which bodies and answers are made of."""


def done() -> str:
    """Where a buyer lands after a checkout that names no page of its own."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Thank you</title><style>{_STYLE}</style><h1>Thank you</h1>"
        "<p>The payment went through. You can close this page.</p></html>"
    )


def page(document: Json) -> str:
    """The whole page: every operation with its parameters, its body, an example and its answers."""
    info, tags = cast("Json", document["info"]), _by_tag(document)
    sections = "".join(_section(document, tag, operations) for tag, operations in tags.items())
    links = "".join(f"<a href='#{escape(tag)}'>{escape(tag)}</a>" for tag in (*tags, FORMS))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        "<p>The same as a document for programs: <a href=/openapi.json>/openapi.json</a>.</p>"
        f"<nav>{links}</nav>{sections}{_forms(document)}</html>"
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
        f"<p>{_prose(operation.get('description', ''))}</p>"
        f"{_parameters(operation)}{_body(document, form)}{_answers(document, operation)}</details>"
    )


def _parameters(operation: Json) -> str:
    given = cast("list[Json]", operation.get("parameters", []))
    rows = [(f"{p['name']} ({p['in']})", _prose(p.get("description", ""))) for p in given]
    return _table("Parameters", rows)


def _body(document: Json, form: Json) -> str:
    if not form:
        return ""
    examples = "".join(
        f"<pre>{escape(json.dumps(example, indent=2))}</pre>" for example in form.get("examples", ())
    )
    return _table("Body (* required; unknown names are refused)", _fields(document, form)) + examples


def _answers(document: Json, operation: Json) -> str:
    blocks: list[str] = []
    for status, answer in cast("Mapping[str, Json]", operation["responses"]).items():
        title = f"{status}: {answer.get('description', '')}"
        schemas = [content.get("schema", {}) for content in answer.get("content", {}).values()]
        if status == "default":  # the same for every operation
            blocks.append(f"<p><b>{_prose(title)}</b> {''.join(map(_kind, schemas))}</p>")
            continue
        rows = [row for schema in schemas for row in _fields(document, _resolved(document, schema))]
        blocks.append(_table(title, rows) or f"<p><b>{_prose(title)}</b></p>")
    return "".join(blocks)


def _forms(document: Json) -> str:
    """Every form that a field of another one, or an answer, is made of."""
    named = cast("Mapping[str, Json]", cast("Json", document.get("components", {})).get("schemas", {}))
    blocks = "".join(
        # The id is inside, since a browser opens what a link leads into.
        f"<details><summary><code>{escape(name)}</code></summary>"
        f"<p id='{escape(name)}'>{_prose(form.get('description', ''))}</p>"
        f"{_table('Fields', _fields(document, form))}</details>"
        for name, form in sorted(named.items())
    )
    return f"<h2 id={FORMS}>{FORMS}</h2>{blocks}"


def _fields(document: Json, form: Json) -> list[tuple[str, str]]:
    required = set(form.get("required", ()))
    fields = cast("Mapping[str, Json]", form.get("properties", {}))
    return [
        (name + (" *" if name in required else ""), _described(document, field))
        for name, field in fields.items()
    ]


def _described(document: Json, field: Json) -> str:
    said = field.get("description") or _resolved(document, field).get("description", "")
    return ": ".join(part for part in (_kind(field), _prose(said)) if part)


def _kind(field: Json) -> str:
    """What a value may be, as HTML; another form is a link to it."""
    if "$ref" in field:
        name = escape(str(field["$ref"]).rsplit("/", 1)[-1])
        return f"<a href='#{name}'>{name}</a>"
    if "enum" in field:
        return " | ".join(escape(str(value)) for value in field["enum"])
    if "const" in field:
        return escape(str(field["const"]).lower())
    if "anyOf" in field:
        return " | ".join(_kind(part) for part in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {})) or 'anything'}"
    return escape(str(field.get("format") or field.get("type") or ""))


def _resolved(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return cast("Json", document["components"]["schemas"][str(reference).rsplit("/", 1)[-1]])


def _prose(text: str) -> str:
    """A sentence as HTML, with what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    """Names and what is said of them, which is HTML already; nothing when there are none."""
    lines = "".join(f"<tr><td><code>{escape(name)}</code><td>{said}" for name, said in rows)
    return f"<p><b>{_prose(title)}</b><table>{lines}</table>" if rows else ""
