import type { ComponentChildren } from 'preact';
import type { InsightView } from '../../catalogue/insight-view.ts';
import { localiseSentence } from '../../tester/web/page/locale.ts';
import { AccessView } from './rooms/access-view.tsx';
import { HealthView, summariseHealth } from './rooms/health-view.tsx';
import { RunsView } from './rooms/runs-view.tsx';
import { StorageView } from './rooms/storage-view.tsx';
import { Notes } from './sheet.tsx';

interface Props {
  readonly headline: string;
  readonly view: InsightView;
  readonly notRead: readonly string[];
  readonly notLookedAt: readonly string[];
  readonly timeZone: string;
  readonly children?: ComponentChildren;
}

/** The answer of an insight: its sentence, its picture, and what it does not cover. */
export function SheetBody({ headline, view, notRead, notLookedAt, timeZone, children }: Props) {
  return (
    <>
      {/* The checks say in full what the sentence sums up. */}
      <p class={`headline ${view.room === 'health' ? view.overall : ''}`}>
        {view.room === 'health' ? `${summariseHealth(view)}.` : localiseSentence(headline, timeZone)}
      </p>
      {children}
      <Drawn view={view} timeZone={timeZone} />
      <Notes notRead={notRead} notLookedAt={notLookedAt} timeZone={timeZone} />
    </>
  );
}

function Drawn({ view, timeZone }: Pick<Props, 'view' | 'timeZone'>) {
  switch (view.room) {
    case 'health':
      return <HealthView view={view} timeZone={timeZone} />;
    case 'runs':
      return <RunsView view={view} timeZone={timeZone} />;
    case 'storage':
      return <StorageView view={view} timeZone={timeZone} />;
    case 'access':
      return <AccessView view={view} timeZone={timeZone} />;
  }
}
