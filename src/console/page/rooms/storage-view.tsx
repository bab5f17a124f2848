import { areaY, axisX, axisY, barX, lineY, ruleY, text } from '@observablehq/plot';
import { useMemo } from 'preact/hooks';
import type { MeasuredPart, StorageView as View } from '../../../catalogue/insight-view.ts';
import { Chart } from '../chart.tsx';
import { formatCount, formatDay, formatNumber, formatSize } from '../../../tester/web/page/locale.ts';
import { Table } from '../sheet.tsx';

/** Bars of one picture. */
const MOST_BARS = 12;

/** Sizes by store and archive, what each day brought, and where that leads. */
export function StorageView({ view }: { readonly view: View; readonly timeZone: string }) {
  const { total, stores, archives, archivesLeftOut, growth, forecast, assumptions } = view;
  return (
    <>
      <section aria-labelledby="growth-heading">
        <h3 id="growth-heading">Growth and forecast</h3>
        {growth && forecast ? (
          <>
            <GrowthChart total={total ?? 0} growth={growth} forecast={forecast} />
            <p>The solid line is estimated backwards from the present size, the dashed line is the forecast. Both assume:</p>
            <ul class="assumptions">
              {assumptions.map((assumption) => (
                <li key={assumption}>{assumption}</li>
              ))}
            </ul>
            <div class="pair">
              <Table
                label="Forecast"
                columns={[{ name: 'Day' }, { name: 'Size', isNumber: true }]}
                rows={forecast.map(({ day, size }) => [formatDay(day), formatSize(size)])}
              />
              <details class="numbers">
                <summary>What each day brought, as a table</summary>
                <Table
                  label="Growth by day"
                  columns={[{ name: 'Day' }, { name: 'Items', isNumber: true }, { name: 'Estimated size', isNumber: true }]}
                  rows={growth.toReversed().map(({ day, items, size }) => [formatDay(day), formatNumber(items), formatSize(size)])}
                />
              </details>
            </div>
          </>
        ) : (
          <p>Growth is not known: the runs or the sizes of the stores could not be read.</p>
        )}
      </section>
      <Sizes heading="By store" rows={stores} head="Store" leftOut={0} otherwise="The stores could not be read." />
      <Sizes
        heading="By archive"
        rows={archives}
        head="Archive"
        leftOut={archivesLeftOut}
        otherwise="The sizes by archive are not known: they were not asked for, or could not be read."
      />
    </>
  );
}

interface SizesProps {
  readonly heading: string;
  readonly head: string;
  /** Undefined where they are not known, as `otherwise` says. */
  readonly rows: readonly (MeasuredPart & { readonly state?: string })[] | undefined;
  readonly leftOut: number;
  readonly otherwise: string;
}

const NOT_KNOWN = 'not known';

function Sizes({ heading, head, rows, leftOut, otherwise }: SizesProps) {
  const id = `sizes-${head.toLowerCase()}`;
  const measured = useMemo(
    () => (rows ?? []).flatMap(({ name, size }) => (size === undefined ? [] : [{ name, size }])).slice(0, MOST_BARS),
    [rows],
  );
  const hasState = rows?.some(({ state }) => state !== undefined) === true;
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{heading}</h3>
      {!rows ? (
        <p>{otherwise}</p>
      ) : rows.length === 0 ? (
        <p>There is none.</p>
      ) : (
        <>
          {measured.length > 0 && <SizeChart label={`Size ${heading.toLowerCase()}, the largest first`} rows={measured} />}
          {rows.length > measured.length && <p class="hint">The picture shows the {formatNumber(measured.length)} largest.</p>}
          <details class="numbers" open={rows.length <= MOST_BARS}>
            <summary>
              {heading}, as a table of {formatCount(rows.length, 'row')}
            </summary>
            <Table
              label={`Sizes ${heading.toLowerCase()}`}
              columns={[
                { name: head },
                ...(hasState ? [{ name: 'State' }] : []),
                { name: 'Size', isNumber: true },
                { name: 'Messages', isNumber: true },
              ]}
              rows={rows.map(({ name, state, size, messages }) => [
                name,
                ...(hasState ? [state] : []),
                size === undefined ? NOT_KNOWN : formatSize(size),
                messages === undefined ? NOT_KNOWN : formatNumber(messages),
              ])}
            />
          </details>
          {leftOut > 0 && <p class="hint">{formatCount(leftOut, 'smaller archive')} are left out.</p>}
        </>
      )}
    </section>
  );
}

function SizeChart({
  label,
  rows,
}: {
  readonly label: string;
  readonly rows: readonly { readonly name: string; readonly size: number }[];
}) {
  const options = useMemo(() => {
    // Names repeat and can be long: rows are drawn by position, and cut.
    const bars = rows.map(({ name, size }, index) => ({ index, size, name: shorten(name), says: formatSize(size) }));
    const names = bars.map(({ name }) => name);
    const margin = Math.min(180, 16 + 7 * Math.max(...names.map(({ length }) => length)));
    return () => ({
      height: 16 + bars.length * 28,
      marginLeft: margin,
      marginRight: 72,
      marginTop: 4,
      marginBottom: 4,
      x: { axis: null },
      y: { axis: null, type: 'band' as const, padding: 0.3 },
      marks: [
        barX(bars, { x: 'size', y: 'index', fill: 'var(--mark)' }),
        text(bars, { x: 0, y: 'index', text: 'name', textAnchor: 'end' as const, dx: -8, fill: 'currentColor' }),
        text(bars, { x: 'size', y: 'index', text: 'says', textAnchor: 'start' as const, dx: 6, fill: 'currentColor' }),
      ],
    });
  }, [rows]);
  return <Chart label={label} options={options} />;
}

const LONGEST = 22;

function shorten(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}

const MOST_TICKS = 5;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Returns round sizes in steps of 1,024, where powers of ten would read as 953.7 MB. */
function chooseTicks(largest: number): readonly number[] {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, largest)) / 10));
  const steps = [...STEPS.map((step) => (step * unit) / 1024), ...STEPS.map((step) => step * unit)];
  const step = steps.find((one) => largest / one <= MOST_TICKS) ?? unit * 1024;
  return Array.from({ length: Math.floor(largest / step) + 1 }, (_, index) => index * step);
}

type GrowthProps = {
  readonly total: number;
  readonly growth: NonNullable<View['growth']>;
  readonly forecast: NonNullable<View['forecast']>;
};

function GrowthChart({ total, growth, forecast }: GrowthProps) {
  const options = useMemo(() => {
    const past = growth.map(({ day }, index) => ({
      day: new Date(`${day}T00:00:00Z`),
      size: total - growth.slice(index + 1).reduce((sum, { size }) => sum + size, 0),
    }));
    const ahead = forecast.map(({ day, size }) => ({ day: new Date(`${day}T00:00:00Z`), size }));
    return (width: number) => ({
      height: 240,
      marginLeft: 72,
      marginRight: 16,
      x: { type: 'utc' as const },
      y: { zero: true },
      marks: [
        axisX({ ticks: width > 600 ? 8 : 4, tickFormat: (day: Date) => formatDay(day.toISOString().slice(0, 10), 'short'), label: null }),
        axisY({
          ticks: chooseTicks(Math.max(total, ...ahead.map(({ size }) => size))),
          tickFormat: (size: number) => formatSize(size),
          label: null,
        }),
        ruleY([0], { stroke: 'var(--line)' }),
        areaY(past, { x: 'day', y: 'size', fill: 'var(--mark)', fillOpacity: 0.15 }),
        lineY(past, { x: 'day', y: 'size', stroke: 'var(--mark)', strokeWidth: 2 }),
        lineY(ahead, { x: 'day', y: 'size', stroke: 'var(--mark)', strokeWidth: 2, strokeDasharray: '6 5' }),
        text(ahead.slice(-1), {
          x: 'day',
          y: 'size',
          text: ({ size }: { size: number }) => formatSize(size),
          textAnchor: 'end' as const,
          dy: -10,
          fill: 'currentColor',
        }),
      ],
    });
  }, [total, growth, forecast]);
  const last = forecast.at(-1);
  return (
    <Chart
      label={`Size of all stores: ${formatSize(total)} now${last ? `, about ${formatSize(last.size)} on ${formatDay(last.day)}` : ''}`}
      options={options}
    />
  );
}
