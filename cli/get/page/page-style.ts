/** How a page of a batch looks: light, dark, and on a narrow screen. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--line:#d8dee4;--box:#d55e00}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--line:#30363d;--box:#ff9d4d}}
body{margin:0 auto;max-width:1500px;padding:16px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4em;margin:0}h2{font-size:1.1em;margin:0 0 4px}p{margin:4px 0}
.faint,figcaption{color:var(--faint)}figcaption{font-size:.85em}
nav{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;padding:8px 0;background:var(--paper);border-bottom:1px solid var(--line)}
button{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:6px;padding:2px 10px}
button[aria-pressed=true]{border-color:var(--ink);font-weight:600}
.class i{display:inline-block;width:.9em;height:.9em;margin-right:.4em;vertical-align:-.1em}
article{padding:16px 0;border-bottom:1px solid var(--line);scroll-margin-top:64px}
article:focus{outline:2px solid var(--ink);outline-offset:4px}
.pair{display:flex;flex-wrap:wrap;gap:8px 48px}
.views{display:flex;max-width:100%;flex-wrap:wrap;gap:16px 12px;align-items:flex-start;margin-top:8px}
.views h3{flex-basis:100%;font-size:.9em;margin:0}
figure{margin:0}.plane{position:relative;overflow:hidden;background:#000}
.plane img{position:absolute;inset:0;width:100%;height:100%;image-rendering:pixelated}
.plane .label{opacity:.45}.plane .box{position:absolute;border:2px solid var(--box);box-sizing:border-box}
.no-label .label,.no-box .box{display:none}
`;
