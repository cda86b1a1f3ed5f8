"""How do the inside pages look? One stylesheet, light or dark as the reader's machine is."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1a1f36; --soft: #667085; --line: #e4e8ef; --go: #0a5bd3;
  --ground: #f5f7fa; --paper: #fff; --tint: #eef2f8; --good: #12603a; --good-bg: #daf3e3; --bad: #a11616;
  --bad-bg: #fde6e6; --wait: #7a4a00; --wait-bg: #ffecc9; --badge: #344563; --badge-bg: #e6ebf4;
  --dot-good: #1f9d5b; --dot-bad: #d92d20; --dot-wait: #e39a13; --dot-plain: #5b7fd6; --dot-end: #475467; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #98a2b8; --line: #2b3245;
  --go: #7db2ff; --ground: #10131c; --paper: #181d2a; --tint: #212838; --good: #7fe0a8; --good-bg: #143623;
  --bad: #ff9d96; --bad-bg: #43191a; --wait: #ffcb70; --wait-bg: #3e2e0d; --badge: #c3cee6; --badge-bg:
  #2a3348;
  --dot-good: #3ecf83; --dot-bad: #ff6b61; --dot-wait: #f5b73f; --dot-plain: #7f9ff0; --dot-end: #aab4c8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
  background: var(--ground); -webkit-text-size-adjust: 100%; }
a { color: var(--go); text-decoration: none; }
a:hover { text-decoration: underline; }
i { font-style: normal; color: var(--soft); font-size: 12px; }
.soft, small { color: var(--soft); }
small { font-size: 12px; display: block; overflow-wrap: anywhere; }
.top { display: flex; gap: 20px; align-items: center; padding: 12px max(20px, calc(50vw - 580px));
  background: var(--paper); }
.name { font-weight: 680; font-size: 16px; color: inherit; white-space: nowrap; display: flex; gap: 10px;
  align-items: center; }
.top form { flex: 1; max-width: 420px; margin: 0 auto; }
.top input { width: 100%; }
.now { color: inherit; white-space: nowrap; }
nav.lists { display: flex; gap: 2px; padding: 0 max(10px, calc(50vw - 590px)); background: var(--paper);
  border-bottom: 1px solid var(--line); overflow-x: auto; scrollbar-width: none; }
nav.lists a { padding: 8px 10px; color: var(--soft); white-space: nowrap; border-bottom: 2px solid
  transparent; }
nav.lists a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--go); }
main { max-width: 1200px; margin: 0 auto; padding: 22px 20px 60px; }
.title { display: flex; gap: 14px; align-items: center; justify-content: space-between; margin: 0 0 18px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
h1 .badge { font-size: 13px; vertical-align: 4px; margin-left: 10px; letter-spacing: 0; }
h1 button { font-size: 13px; letter-spacing: 0; }
h1 form { display: inline-block; margin-left: 14px; vertical-align: 3px; }
h2 { font-size: 15px; margin: 0; }
section, dl, details, form.filter, .wide { background: var(--paper); }
section { border: 1px solid var(--line); border-radius: 12px; margin: 0 0 18px; padding: 14px 18px; }
section > header { display: flex; justify-content: space-between; align-items: center; gap: 12px; margin: 0
  0 8px; }
main > .wide { border: 1px solid var(--line); border-radius: 12px; padding: 6px 18px; }
main > .empty { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 20px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12px; padding: 6px 14px 6px 0;
  white-space: nowrap; }
td { border-top: 1px solid var(--line); padding: 8px 14px 8px 0; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
.right { text-align: right; }
td:not(.right) { overflow-wrap: break-word; }
tbody tr:hover td { background: color-mix(in srgb, var(--tint) 55%, transparent); }
time, .amount { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.right { white-space: nowrap; font-variant-numeric: tabular-nums; }
.id, code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 12.5px; }
code { overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 70vh; overflow: auto;
  line-height: 1.55;
  background: var(--tint); border-radius: 8px; padding: 12px 14px; }
details { border: 1px solid var(--line); border-radius: 12px; padding: 12px 18px; margin: 0 0 18px; }
summary { font-weight: 600; cursor: pointer; }
details[open] summary { margin: 0 0 10px; }
table.sums { width: auto; min-width: 320px; margin: 6px 0 0 auto; }
table.sums td { border: 0; padding: 3px 0 3px 24px; color: var(--soft); }
table.sums td:first-child { padding-left: 0; }
tr.total td, tr.amount_remaining td { color: var(--ink) !important; font-weight: 650; }
tr.amount_due td { border-top: 1px solid var(--line) !important; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 12px 24px; margin: 0
  0 18px;
  border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
section dl { border: 0; padding: 0; margin: 6px 0 14px; }
dt { color: var(--soft); font-size: 12px; }
dd { margin: 0; overflow-wrap: anywhere; }
dd time { white-space: normal; }
.badge { display: inline-block; font-size: 12px; line-height: 1.5; font-weight: 620; background:
  var(--badge-bg);
  color: var(--badge); border-radius: 6px; padding: 1px 8px; white-space: nowrap; }
.badge.good { background: var(--good-bg); color: var(--good); }
.badge.bad { background: var(--bad-bg); color: var(--bad); }
.badge.waiting, .badge.test { background: var(--wait-bg); color: var(--wait); }
.badge.test { font-size: 10px; letter-spacing: .04em; }
.wrong { color: var(--bad); }
.note { border-radius: 10px; padding: 12px 16px; margin: 0 0 18px; }
.note.bad { background: var(--bad-bg); color: var(--bad); }
.note small { color: inherit; opacity: .8; }
.empty { color: var(--soft); margin: 6px 0; }
input { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line);
  border-radius: 8px;
  padding: 6px 11px; min-width: 0; }
button { font: inherit; font-weight: 600; color: var(--ink); background: var(--paper); border: 1px solid
  var(--line);
  border-radius: 8px; padding: 5px 13px; cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--go); color: var(--go); }
td button { padding: 1px 10px; font-size: 13px; }
:focus-visible { outline: 2px solid var(--go); outline-offset: 2px; }
form { margin: 0; }
form.filter { display: flex; gap: 10px; align-items: center; flex-wrap: wrap; background: none; margin: 0 0
  14px; }
form.filter input:not([type=datetime-local]) { flex: 0 1 250px; background: var(--paper); }
.pager { display: flex; gap: 16px; justify-content: center; padding: 14px 0 4px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 12px; margin: 0
  0 18px; }
.tiles a { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px;
  color: inherit; }
.tiles a:hover { border-color: var(--go); text-decoration: none; }
.tiles span { color: var(--soft); }
.tiles b { display: block; font-size: 26px; line-height: 1.25; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--dot-plain); }
.dot.good { background: var(--dot-good); } .dot.bad { background: var(--dot-bad); }
.dot.waiting { background: var(--dot-wait); } .dot.end { background: var(--dot-end); }
.dot.next { background: none; box-shadow: inset 0 0 0 2px var(--dot-plain); }
figure { margin: 0; }
.timeline svg { display: block; width: 100%; min-width: 640px; height: auto; font-size: 12px; }
.timeline { overflow-x: auto; }
.timeline text { fill: var(--soft); } .timeline text.status { fill: #fff; font-weight: 600; }
.timeline circle { fill: var(--dot-plain); stroke: var(--paper); stroke-width: 1.5; }
.timeline circle.good { fill: var(--dot-good); } .timeline circle.bad { fill: var(--dot-bad); }
.timeline circle.waiting { fill: var(--dot-wait); } .timeline circle.end { fill: var(--dot-end); }
.timeline circle.coming { fill: var(--paper); stroke: var(--dot-plain); stroke-width: 2; }
.timeline circle.coming.end { stroke: var(--dot-end); }
.timeline a:hover circle { stroke: var(--ink); }
.state { fill: #697386; } .state.active { fill: #1b8450; } .state.trialing { fill: #3f67c5; }
.state.past_due, .state.unpaid { fill: #c4362b; } .state.incomplete, .state.paused { fill: #a86a00; }
.state.future { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
line.now { stroke: var(--ink); stroke-dasharray: 2 3; } .timeline text.now { fill: var(--ink); font-weight:
  600; }
figcaption { display: flex; gap: 18px; flex-wrap: wrap; color: var(--soft); font-size: 12px; margin: 8px 0
  0; }
td .dot { margin-right: 5px; }
figcaption .dot { margin-right: 6px; }
@media (max-width: 720px) { .top { flex-wrap: wrap; gap: 8px 12px; padding: 10px 14px; }
  .top form { order: 3; flex-basis: 100%; max-width: none; } .now { margin-left: auto; }
  nav.lists { padding: 0 6px; } main { padding: 16px 12px 40px; } section, dl, details { padding: 12px 14px; }
  main > .wide { padding: 4px 14px; } h1 { font-size: 20px; } dl { grid-template-columns: 1fr 1fr; gap:
  10px 14px; }
  .wide td:first-child { min-width: 140px; }
  .tiles { grid-template-columns: 1fr 1fr; } .tiles b { font-size: 22px; }
  table.sums { min-width: 0; width: 100%; } form.filter input { flex: 1 1 100% !important; } }
"""
