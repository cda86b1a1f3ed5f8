"""How do the pages look? One stylesheet for all of them, without anything from elsewhere."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --ink: #1a1f36; --soft: #5f6b7c; --line: #e3e8ee; --go: #0a5bd3;
  --bad: #9b1c1c; --ground: #f6f8fb; --paper: #fff; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
  background: var(--ground); }
main { max-width: 960px; margin: 6vh auto; background: var(--paper); border: 1px solid var(--line);
  border-radius: 14px; box-shadow: 0 12px 40px rgb(26 31 54 / 8%); overflow: hidden; }
main.two { display: grid; grid-template-columns: 1fr 1fr; }
main.narrow { max-width: 520px; }
section { padding: 32px 36px; min-width: 0; }
main.two > section:first-child { background: #fbfcfe; border-right: 1px solid var(--line); }
main:not(.two) > section + section { border-top: 1px solid var(--line); }
h1 { font-size: 16px; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
h2 { font-size: 18px; font-weight: 650; margin: 0 0 14px; }
.brand { display: flex; gap: 10px; align-items: center; justify-content: space-between; margin: 0 0 22px;
  font-weight: 650; }
.total { font-size: 34px; font-weight: 700; margin: 0; letter-spacing: -.02em; line-height: 1.2; }
.after { color: var(--soft); margin: 2px 0 22px; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-size: 13px; font-weight: 600; color: var(--soft); padding: 0 0 6px; }
td { padding: 11px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th:last-child, td:last-child { text-align: right; white-space: nowrap; padding-left: 14px;
  font-variant-numeric: tabular-nums; }
tr.sum td { border-top: 0; padding: 3px 0; color: var(--soft); }
tr.sum.first td { border-top: 1px solid var(--line); padding-top: 11px; }
tr.due td { color: var(--ink); font-weight: 650; padding-top: 11px; }
small { color: var(--soft); display: block; font-size: 14px; }
a { color: var(--go); }
a.back { display: inline-block; margin: 0 0 14px; text-decoration: none; font-size: 14px; }
label, .label { display: block; font-weight: 600; font-size: 14px; margin: 0 0 5px; }
select, input:not([type=checkbox]):not([type=radio]) { width: 100%; font: inherit; padding: 9px 12px;
  border: 1px solid #c9d2de; border-radius: 8px; background: #fff; color: inherit; margin: 0 0 14px; }
fieldset { border: 0; margin: 0 0 4px; padding: 0; min-width: 0; }
legend { font-weight: 650; padding: 0; margin: 0 0 8px; }
.row { display: flex; gap: 10px; align-items: center; }
.row > * { margin: 0 !important; }
.row > input { flex: 1; }
.row > button { width: auto; flex: none; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 12px; }
td .row { margin-top: 6px; justify-content: flex-start; }
td .row > small { flex: none; }
td .row input[type=number]:not([type=radio]) { width: 84px; flex: none; padding: 5px 10px; }
.check { display: flex; gap: 10px; align-items: flex-start; font-weight: 400; margin: 0 0 14px; }
.check input { margin: 5px 0 0; flex: none; }
button, a.button { display: block; width: 100%; font: inherit; font-weight: 600; text-align: center;
  color: #fff; background: var(--go); border: 1px solid var(--go); border-radius: 8px; padding: 11px 16px;
  cursor: pointer; text-decoration: none; }
button.plain, a.plain { color: var(--ink); background: #fff; border-color: #c9d2de; }
button.small, a.small { padding: 5px 12px; font-size: 14px; width: auto; display: inline-block; }
button.danger { color: var(--bad); background: #fff; border-color: #e6bcbc; }
button + button, form + form { margin-top: 10px; }
button.default { position: absolute; width: 1px; height: 1px; padding: 0; border: 0; opacity: 0;
  pointer-events: none; }
button:focus-visible, a:focus-visible, select:focus-visible, input:focus-visible {
  outline: 3px solid #9fc2ff; }
.note { border-radius: 8px; padding: 11px 14px; margin: 0 0 16px; background: #eef4ff;
  overflow-wrap: anywhere; }
.note.bad { background: #fdecec; color: var(--bad); }
.fine { color: var(--soft); font-size: 13px; margin: 14px 0 0; }
.badge { display: inline-block; font-size: 12px; font-weight: 650; background: #e8eefc; color: #27408b;
  border-radius: 6px; padding: 2px 8px; white-space: nowrap; }
.badge.test { background: #ffe9c7; color: #6b4200; }
.badge.good { background: #ddf5e5; color: #12603a; }
.badge.bad { background: #fdecec; color: var(--bad); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 18px; margin: 0 0 18px; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
.item { padding: 14px 0; border-top: 1px solid var(--line); }
.item:first-of-type { border-top: 0; padding-top: 0; }
.item .head { display: flex; justify-content: space-between; gap: 12px; align-items: flex-start; }
.actions { display: flex; gap: 10px; flex-wrap: wrap; margin-top: 10px; }
.actions form + form { margin-top: 0; }
@media (max-width: 720px) { main, main.two { display: block; margin: 0; border-radius: 0; border: 0;
  min-height: 100vh; box-shadow: none; } section { padding: 24px 20px; }
  main.two > section:first-child { border-right: 0; border-bottom: 1px solid var(--line); } }
@media print { body { background: #fff; } main { border: 0; box-shadow: none; margin: 0; max-width: none; } }
"""
