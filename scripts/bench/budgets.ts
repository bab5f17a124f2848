/** The goal and the gate of a row. If the row has a floor, both numbers are ratios to that floor. */
export interface Budget {
  readonly better: 'lower' | 'higher';
  readonly goal: number;
  /** What a release must reach; the goal itself where no other number is set. */
  readonly gate?: number;
}

type Unit = 'ms' | 'calls' | 'calls/s' | 'MiB' | 'MB' | 'tokens' | 'connections' | 'packages';

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  /** Undefined if this machine does not report it. */
  readonly product: number | undefined;
  readonly floor?: { readonly name: string; readonly value: number | undefined; readonly ratio: number | undefined };
  readonly handWritten?: { readonly value: number | undefined; readonly ratio?: number | undefined };
  /** What the protocol library and undici take, and the ratio of that to the floor. */
  readonly library?: { readonly value: number | undefined; readonly ratio: number | undefined };
  /** What undici alone takes. */
  readonly raw?: number | undefined;
  /** Absent for what is shown and held to nothing. */
  readonly budget?: Budget;
}

export const budgets = {
  start: { better: 'lower', goal: 2.1, gate: 2.5 },
  firstCall: { better: 'lower', goal: 25, gate: 35 },
  repeatedList: { better: 'lower', goal: 1, gate: 1.5 },
  oneCall: { better: 'lower', goal: 2, gate: 3 },
  processorTime: { better: 'lower', goal: 2, gate: 3 },
  throughput8: { better: 'higher', goal: 0.6, gate: 0.4 },
  throughput64: { better: 'higher', goal: 0.5, gate: 0.35 },
  sharedFolder: { better: 'higher', goal: 1.3 },
  record: { better: 'lower', goal: 3 },
  memoryAfterList: { better: 'lower', goal: 50, gate: 60 },
  memoryAfterCalls: { better: 'lower', goal: 92, gate: 105 },
  memoryGrowth: { better: 'lower', goal: 5, gate: 10 },
  connections: { better: 'lower', goal: 8 },
  listTokens: { better: 'lower', goal: 5000, gate: 6000 },
  tokensPerTool: { better: 'lower', goal: 125, gate: 150 },
  replyTokens: { better: 'lower', goal: 2000 },
  largestReply: { better: 'lower', goal: 5000 },
  questionTokens: { better: 'lower', goal: 8000 },
  questionCalls: { better: 'lower', goal: 3 },
  packages: { better: 'lower', goal: 1 },
  installSize: { better: 'lower', goal: 3 },
} as const satisfies Record<string, Budget>;

export type Verdict = 'goal met' | 'gate met' | 'missed' | 'not measured' | '';

export function judgeBudget({ product, floor, budget }: Row): Verdict {
  if (!budget) return '';
  const value = floor ? floor.ratio : product;
  if (value === undefined) return 'not measured';
  const reaches = (bound: number) => (budget.better === 'lower' ? value <= bound : value >= bound);
  if (reaches(budget.goal)) return 'goal met';
  return reaches(budget.gate ?? budget.goal) ? 'gate met' : 'missed';
}

/** Returns the rows as a Markdown table. */
export function renderTable(rows: readonly Row[]): string {
  const columns = [
    'what',
    'mailstore-mcp',
    'floor',
    'ratio',
    'hand-written',
    'its ratio',
    'library server',
    'raw undici',
    'goal',
    'gate',
    'verdict',
  ];
  const body = rows.map((row) => {
    const { what, unit, product, floor, handWritten, library, raw, budget } = row;
    const bound = (limit: number) =>
      budget ? `${budget.better === 'lower' ? '≤' : '≥'} ${floor ? ratioText(limit) : quantityText(limit, unit)}` : '';
    return [
      what,
      quantityText(product, unit),
      floor ? `${quantityText(floor.value, unit)} (${floor.name})` : '',
      floor ? ratioText(floor.ratio) : '',
      handWritten ? quantityText(handWritten.value, unit) : '',
      handWritten && 'ratio' in handWritten ? ratioText(handWritten.ratio) : '',
      library ? `${quantityText(library.value, unit)} (${ratioText(library.ratio)})` : '',
      raw === undefined ? '' : quantityText(raw, unit),
      budget ? bound(budget.goal) : '',
      budget ? bound(budget.gate ?? budget.goal) : '',
      judgeBudget(row),
    ];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [columns, columns.map(() => '---'), ...body].map(line).join('\n');
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${String(Number(ratio.toFixed(2)))} ×`;
}

function quantityText(value: number | undefined, unit: Unit): string {
  if (value === undefined) return '–';
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${Number(value.toFixed(digits)).toLocaleString('en')} ${unit}`;
}
