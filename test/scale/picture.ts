/**
 * The picture of a sweep, as an SVG that is read on white and on black.
 *
 * By hand: three panels of lines are less than a charting library would take to be told of them.
 */
import type { Point } from './sweep.ts';

interface Panel {
  readonly title: string;
  readonly most: number;
  readonly ticks: readonly number[];
  readonly label: (tick: number) => string;
  readonly valueOf: (point: Point) => number;
}

const PANELS: readonly Panel[] = [
  {
    title: 'served, in parts of the formula’s bound',
    most: 1.25,
    ticks: [0, 0.5, 1],
    label: String,
    valueOf: ({ served, offered, part }) => (served / offered) * part,
  },
  {
    title: 'added before the request is sent, 99 of 100 (ms)',
    most: 200,
    ticks: [0, 50, 100, 150, 200],
    label: String,
    valueOf: ({ outcome }) => outcome.addedMs.p99,
  },
  {
    title: 'refused although there was money (% of what came)',
    most: 1,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    label: (tick) => String(tick * 100),
    valueOf: ({ inError }) => inError,
  },
];

/** Told apart without colour too: each line has dashes of its own. */
const LINES = [
  { colour: '#4e79a7', dashes: 'none' },
  { colour: '#f28e2b', dashes: '8 3' },
  { colour: '#59a14f', dashes: '4 3' },
  { colour: '#e15759', dashes: '1 3' },
] as const;

const WIDTH = 760;
const PANEL_HEIGHT = 170;
const LEFT = 56;
const RIGHT = 20;
const TOP = 60;
const GAP = 46;
const MOST_PART = 2;

const round = (value: number): string => value.toFixed(1);
const xOf = (part: number): number => LEFT + (part / MOST_PART) * (WIDTH - LEFT - RIGHT);

/** The text of docs/scale.svg. */
export function pictureOf(points: readonly Point[]): string {
  const height = TOP + PANELS.length * (PANEL_HEIGHT + GAP);
  const seconds = [...new Set(points.map((point) => point.seconds))];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"
  font-family="system-ui, sans-serif" font-size="12" fill="#808080" stroke-linejoin="round">
<title>One shared cap under load: served, added latency, refused in error</title>
${legend(seconds)}
${PANELS.map((panel, index) => panelOf(panel, index, points, seconds)).join('\n')}
</svg>
`;
}

const legend = (seconds: readonly number[]): string =>
  seconds
    .map((each, index) => {
      const x = LEFT + index * 170;
      return `${line(index, [
        [x, 24],
        [x + 34, 24],
      ])}
<text x="${x + 40}" y="28">calls of ${each} s</text>`;
    })
    .join('\n');

function line(index: number, places: readonly (readonly [number, number])[]): string {
  const { colour, dashes } = LINES[index % LINES.length] ?? LINES[0];
  const drawn = places.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${drawn}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dashes}"/>`;
}

function panelOf(
  panel: Panel,
  index: number,
  points: readonly Point[],
  seconds: readonly number[],
): string {
  const top = TOP + index * (PANEL_HEIGHT + GAP);
  const bottom = top + PANEL_HEIGHT;
  const yOf = (value: number) => bottom - (Math.min(value, panel.most) / panel.most) * PANEL_HEIGHT;
  const rows = panel.ticks.map(
    (
      tick,
    ) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(yOf(tick))}" y2="${round(yOf(tick))}" stroke="#8884"/>
<text x="${LEFT - 8}" y="${round(yOf(tick) + 4)}" text-anchor="end">${panel.label(tick)}</text>`,
  );
  const columns = [0, 0.5, 1, 1.5, 2].map(
    (part) =>
      `<text x="${round(xOf(part))}" y="${bottom + 16}" text-anchor="middle">${part}</text>`,
  );
  const drawn = seconds.map((each, lineIndex) => {
    const ofEach = points.filter((point) => point.seconds === each);
    const places = ofEach.map((point) => [xOf(point.part), yOf(panel.valueOf(point))] as const);
    return line(lineIndex, places);
  });
  const isLast = index === PANELS.length - 1;
  return `<text x="${LEFT}" y="${top - 8}" font-weight="600">${panel.title}</text>
${rows.join('\n')}
${columns.join('\n')}
<line x1="${round(xOf(1))}" x2="${round(xOf(1))}" y1="${top}" y2="${bottom}" stroke="#888" stroke-dasharray="2 2"/>
${drawn.join('\n')}${isLast ? `\n<text x="${WIDTH / 2}" y="${bottom + 34}" text-anchor="middle">offered load, in parts of the formula’s bound √(1000 / (0.05·T))</text>` : ''}`;
}
