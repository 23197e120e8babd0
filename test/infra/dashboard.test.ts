/**
 * Rules of the dashboard: it shows caps first, draws only what is emitted, and leads to the tables.
 */
import { describe, expect, it } from 'vitest';
import {
  METRIC,
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  METRIC_PROPERTY,
  METRIC_SERVICE,
} from '../../lambda/contract.ts';
import { createTemplate, resource, resources } from './stack-under-test.ts';

const template = createTemplate();
const widgetFunction = resource(template, 'AWS::Lambda::Function', /Widget/);
const gatewayLogs = resource(template, 'AWS::Logs::LogGroup', /Gateway/);

/** `[namespace, name, dimension, value, how it is drawn]`, or `[an expression]`. */
type MetricLine = readonly (string | { readonly expression?: string; readonly stat?: string })[];

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly endpoint?: string;
    readonly updateOn?: unknown;
    readonly query?: string;
    readonly view?: string;
    readonly metrics?: readonly MetricLine[];
    readonly yAxis?: { left: { label: string } };
  };
}

const { widgets } = JSON.parse(
  String(resource(template, 'AWS::CloudWatch::Dashboard').properties.DashboardBody),
) as { widgets: Widget[] };
const ofType = (type: string) => widgets.filter((widget) => widget.type === type);
const graphs = ofType('metric');
const lines = graphs.flatMap(({ properties }) => properties.metrics ?? []);
const isExpression = ([first]: MetricLine) => typeof first === 'object';
const emitted: readonly string[] = Object.values(METRIC);
const services: readonly string[] = Object.values(METRIC_SERVICE);
const properties: readonly string[] = Object.values(METRIC_PROPERTY);

describe('the graphs', () => {
  it('draw only metrics that the functions emit, by the one dimension that they carry', () => {
    const drawn = lines.filter((line) => !isExpression(line));

    expect(drawn.length).toBeGreaterThan(10);
    for (const [namespace, name, dimension, service] of drawn) {
      expect(namespace).toBe(METRIC_NAMESPACE);
      expect(emitted).toContain(name);
      expect(dimension).toBe(METRIC_DIMENSION);
      expect(services).toContain(service);
    }
  });

  it('compute only with metrics of their own graph', () => {
    for (const { properties: graph } of graphs) {
      const own = graph.metrics ?? [];
      const named = new Set(own.map((line) => (line.at(-1) as { id?: string }).id));
      for (const [{ expression = '' }] of own.filter(isExpression) as [{ expression?: string }][]) {
        const names = expression.match(/\b[a-z]\w*\b/g) ?? [];
        expect(names.length).toBeGreaterThan(0);
        expect(names.filter((name) => !named.has(name))).toEqual([]);
      }
    }
  });

  it('show spend, refusals, cuts, added latency and health', () => {
    const shown = lines
      .filter((line) => !isExpression(line))
      .map((line) => `${line[1]} ${(line.at(-1) as { stat?: string }).stat}`);

    expect(shown).toEqual(
      expect.arrayContaining([
        'SpendUsd Sum',
        'ReservedUsd Sum',
        'RequestsClamped Sum',
        'StreamsCut Sum',
        'AddedLatencyMs p50',
        'AddedLatencyMs p99',
        'Errors Sum',
        'SettleFailures Sum',
        'Overruns Sum',
        'ReservationsExpired Sum',
      ]),
    );
  });

  it('show every reason of a refusal that is counted', () => {
    const reasons = Object.entries(METRIC).filter(([key]) => /^refused[A-Z]/.test(key));
    const drawn = lines.map(([, name]) => name);

    expect(reasons.length).toBeGreaterThan(5);
    expect(reasons.filter(([, name]) => !drawn.includes(name))).toEqual([]);
  });

  it('have a title and name their unit', () => {
    for (const { properties: graph } of graphs) {
      expect(graph.title).toMatch(/^[A-Z]/);
      expect(graph.yAxis?.left.label).toMatch(/dollars|Milliseconds|in 5 minutes/);
    }
  });
});

describe('the queries of the log', () => {
  const queries = ofType('log').map(({ properties: { query = '' } }) => query);

  it('sum spend by key, by model and by vendor', () => {
    expect(queries).toHaveLength(3);
    for (const [index, property] of ['key', 'model', 'vendor'].entries()) {
      expect(queries[index]).toContain(`stats sum(SpendUsd) as usd by ${property}, bin(1h)`);
    }
  });

  it("read the gateway's log, and only fields that its lines of metrics have", () => {
    for (const query of queries) {
      expect(query).toContain(`SOURCE '<${gatewayLogs.id}>'`);
      const fields = [...query.matchAll(/ispresent\((\w+)\)/g)].map(([, field]) => field);
      expect(fields).toHaveLength(2);
      for (const field of fields) expect([...emitted, ...properties]).toContain(field);
    }
  });
});

describe('the layout', () => {
  it('has the caps on top, over the whole width, read anew at each refresh', () => {
    const [board] = widgets;

    expect(board).toMatchObject({ type: 'custom', x: 0, y: 0, width: 24 });
    expect(board?.properties).toMatchObject({
      endpoint: `<${widgetFunction.id}.Arn>`,
      updateOn: { refresh: true, resize: false, timeRange: false },
    });
  });

  it('fills every row to its end', () => {
    const rows = Map.groupBy(widgets, ({ y }) => y);

    for (const row of rows.values()) {
      expect(row.reduce((sum, { width }) => sum + width, 0)).toBe(24);
    }
  });

  it('leads to both tables and to the documents', () => {
    const text = ofType('text')[0]?.properties.markdown;

    for (const { id } of resources(template, 'AWS::DynamoDB::Table')) {
      expect(text).toContain(`#item-explorer?table=<${id}>`);
    }
    expect(text).toContain('docs/dashboard.md');
  });
});
