/**
 * The style sheet of the page: everything below `.hc`, so that it changes nothing else around it.
 *
 * Widths are asked of the container, as a widget is narrower than the window that it is in.
 * Not here: colours (palette.ts).
 */
import { COLOURS, PALETTES, type Theme } from './palette.ts';

const variables = (theme: Theme): string =>
  COLOURS.map((colour) => `--${colour}:${PALETTES[theme][colour]}`).join(';');

/** One theme where it is told, or that of the browser. */
const themed = (theme: Theme | 'auto'): string =>
  theme === 'auto'
    ? `.hc{color-scheme:light dark;${variables('light')}}` +
      `@media (prefers-color-scheme:dark){.hc{${variables('dark')}}}`
    : `.hc{color-scheme:${theme};${variables(theme)}}`;

const FRAME = `
.hc,.hc *{box-sizing:border-box}
.hc{container-type:inline-size;background:var(--ground);color:var(--text);padding:12px 16px 16px;
  font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  font-variant-numeric:tabular-nums;text-align:left}
.hc h2{margin:24px 0 8px;font-size:13px;font-weight:600;color:var(--text)}
.hc p{margin:0}
.hc cwdb-action{display:none}
.hc .muted{color:var(--muted)}
.hc .quiet{font-size:12px;color:var(--muted)}
.hc .unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
  white-space:nowrap}
.hc :focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
.hc a,.hc .link{color:inherit;text-decoration:underline;text-decoration-color:var(--muted);
  text-decoration-thickness:1px;text-underline-offset:3px;cursor:pointer}
.hc a:hover,.hc .link:hover{text-decoration-color:currentColor}
.hc button,.hc input{font:inherit;color:inherit}
.hc .link{background:none;border:0;padding:0;text-align:left;font-weight:inherit}
.hc .button{display:inline-block;background:var(--raised);border:1px solid var(--line);
  border-radius:6px;padding:4px 10px;text-decoration:none;cursor:pointer}
.hc .button:hover{border-color:var(--muted)}
`;

const HEAD = `
.hc .figures{display:flex;flex-wrap:wrap;gap:4px 28px;margin:0 0 12px;padding:0}
.hc .figures div{display:flex;flex-direction:column-reverse}
.hc .figures dt{font-size:12px;color:var(--muted)}
.hc .figures dd{margin:0;font-size:22px;line-height:1.25;font-weight:600}
.hc .figures .full dd{color:var(--fullText)}
.hc .figures .near dd{color:var(--nearText)}
.hc .alert{margin:0 0 12px;padding:10px 12px;border:1px solid var(--full);border-radius:6px;
  background:var(--fullGround);color:var(--fullText);overflow-wrap:anywhere}
.hc .alert strong{display:block}
.hc .alert ul{margin:4px 0 0;padding-left:18px}
.hc .note{margin:0 0 12px;color:var(--muted)}
.hc .filter{display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:0 0 10px}
.hc .filter label{font-weight:600}
.hc .filter input{flex:1 1 140px;max-width:260px;min-width:0;padding:4px 9px;border:1px solid var(--muted);
  border-radius:6px;background:var(--ground)}
.hc .pager{display:flex;flex-wrap:wrap;align-items:center;gap:8px;margin:12px 0 0}
`;

const TABLE = `
.hc table{width:100%;border-collapse:collapse;table-layout:auto;margin:0}
.hc th,.hc td{padding:8px 0 8px 20px;border-bottom:1px solid var(--line);vertical-align:top;
  text-align:left;font-weight:400;background:none}
.hc th:first-child,.hc td:first-child{padding-left:0}
.hc thead th{padding-top:4px;padding-bottom:6px;font-size:12px;color:var(--muted);
  vertical-align:bottom;white-space:nowrap}
.hc .number{text-align:right;white-space:nowrap}
.hc tbody .name{font-weight:600;overflow-wrap:anywhere}
.hc .name .split{font-weight:400}
.hc .sub{display:block;font-size:12px;font-weight:400;color:var(--muted)}
.hc .use{width:34%;min-width:150px}
.hc .use .row{display:flex;align-items:baseline;justify-content:space-between;gap:8px}
.hc .use .row span:first-child{font-weight:600}
.hc .sub .tag{margin-left:4px}
.hc .tag{display:inline-block;border-radius:4px;padding:0 6px;font-size:12px;font-weight:600;
  white-space:nowrap;background:var(--offGround);color:var(--offText)}
.hc .over .tag.level,.hc .full .tag.level,.hc .tag.bad{background:var(--fullGround);
  color:var(--fullText)}
.hc .near .tag.level,.hc .tag.warn{background:var(--nearGround);color:var(--nearText)}
.hc .bar{display:block;width:100%;height:10px;margin:6px 0 5px;border-radius:3px;overflow:hidden}
.hc .bar .track{fill:var(--track)}
.hc .settled{fill:var(--room)}.hc .reserved{fill:var(--roomSoft)}
.hc .near .settled{fill:var(--near)}.hc .near .reserved{fill:var(--nearSoft)}
.hc .full .settled,.hc .over .settled{fill:var(--full)}
.hc .full .reserved,.hc .over .reserved{fill:var(--fullSoft)}
.hc .off .settled{fill:var(--off)}.hc .off .reserved{fill:var(--offSoft)}
.hc #hc-legend{margin-top:8px}
.hc .key{display:inline-flex;align-items:center;gap:6px;margin-right:14px}
.hc .key svg{width:10px;height:10px;border-radius:2px;flex:none}
.hc .bar .settled,.hc .bar .reserved{transition:width .4s,x .4s}
@media (prefers-reduced-motion:reduce){.hc .bar *{transition:none}}
@container (max-width:719px){
  .hc thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
  .hc table,.hc tbody{display:block}
  .hc tbody tr{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:0 12px;
    padding:10px 0;border-bottom:1px solid var(--line)}
  .hc tbody th,.hc tbody td{padding:0;border:0;min-width:0}
  .hc tbody .name,.hc tbody .use,.hc tbody .wide{grid-column:1/-1;width:auto}
  .hc tbody .number{text-align:left;white-space:normal;overflow-wrap:anywhere}
  .hc tbody .number[data-label]::before{content:attr(data-label);display:block;font-size:12px;
    color:var(--muted)}
  .hc .use{margin-top:6px}
}
`;

const HISTORY = `
.hc .histories{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));
  gap:12px;align-items:start}
.hc figure{margin:0;padding:12px 14px;border:1px solid var(--line);border-radius:8px;min-width:0}
.hc figcaption{font-weight:600;overflow-wrap:anywhere}
.hc figure>svg{display:block;overflow:visible;width:100%;height:72px;margin:10px 0 4px}
.hc .column{fill:var(--room)}.hc .column.near{fill:var(--near)}.hc .column.full{fill:var(--full)}
.hc .column.running{fill-opacity:.55}
.hc .base{stroke:var(--line);vector-effect:non-scaling-stroke}
.hc .limit{stroke:var(--text);stroke-width:1.5;stroke-dasharray:4 3;
  vector-effect:non-scaling-stroke}
.hc .ends{display:flex;justify-content:space-between;gap:8px;font-size:12px;color:var(--muted)}
.hc details{margin-top:8px;font-size:12px}
.hc summary{cursor:pointer;color:var(--muted)}
.hc details table{margin-top:6px}
.hc details th,.hc details td{padding-top:3px;padding-bottom:3px}
`;

const JOURNAL = `
.hc .journal td,.hc .journal tbody th{padding-top:5px;padding-bottom:5px}
.hc .journal .model{overflow-wrap:anywhere}
@container (max-width:719px){
  .hc .journal tbody .name{grid-column:1/3}.hc .journal tbody .what{grid-column:3/-1}
  .hc .journal tbody .number:empty{display:none}
}
`;

/** All of the style sheet, for a `<style>` element. It holds no value of anybody's. */
export const styleSheet = (theme: Theme | 'auto'): string =>
  [themed(theme), FRAME, HEAD, TABLE, HISTORY, JOURNAL].join('');
