/** The page's style sheet. Colours are those of the pictures; print is always light. */
export const STYLE = `
:root { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d8dee4; --band: #f1f4f7; --link: #0072b2; --good: #007a59; --bad: #b24a00; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #30363d; --band: #171d25; --link: #56b4e9; --good: #2fd6a3; --bad: #ff9d4d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 Helvetica, Arial, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 0.5rem; }
a { color: var(--link); }
p { margin: 0.5rem 0; max-width: 60rem; }
.small, figcaption { color: var(--faint); font-size: 0.875rem; }
.verdict { border-left: 4px solid var(--faint); padding: 0.25rem 0.75rem; }
.verdict.seen { border-color: var(--good); }
.verdict.not-seen { border-color: var(--bad); }
nav ul { columns: 20rem; padding-left: 1.2rem; font-size: 0.875rem; }
figure { margin: 2.5rem 0 0; max-width: 56rem; }
figure svg { display: block; width: 100%; min-width: 38rem; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; margin: 0.5rem 0; }
th, td { padding: 0.25rem 0.6rem; text-align: left; vertical-align: bottom; border-bottom: 1px solid var(--line); }
tbody th, td { white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); min-width: 3.5rem; }
tbody th { font-weight: normal; position: sticky; left: 0; background: var(--paper); }
.number { text-align: right; }
tr.next > * { border-top: 2px solid var(--line); }
pre { background: var(--band); padding: 0.75rem; overflow-x: auto; font-size: 0.8rem; }
@media print {
  body { font-size: 10pt; }
  h1 { font-size: 16pt; }
  h2 { font-size: 12pt; }
  .small, figcaption { font-size: 8.5pt; }
  main { max-width: none; padding: 0; }
  .wide { overflow: visible; }
  figure svg { min-width: 0; }
  table { font-size: 7.5pt; }
  th, td { padding: 0.1rem 0.25rem; }
  thead th { min-width: 0; }
  tbody th, td { white-space: normal; }
  h2, figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  pre { white-space: pre-wrap; }
  nav { display: none; }
}
`;
