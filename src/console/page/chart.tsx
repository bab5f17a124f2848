import { plot, type PlotOptions } from '@observablehq/plot';
import { useEffect, useRef, useState } from 'preact/hooks';

interface Props {
  /** What the picture shows, in a sentence; a table next to it holds its values. */
  readonly label: string;
  readonly options: (width: number) => PlotOptions;
}

const LEAST_WIDTH = 280;

/** A picture as SVG that fills the width that there is. */
export function Chart({ label, options }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(LEAST_WIDTH, Math.floor(element.clientWidth))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width === 0) return;
    const drawn = plot({ ...options(width), width, className: 'plot' });
    // The page's policy allows no style but its own sheet, which has these rules.
    for (const style of drawn.querySelectorAll('style')) style.remove();
    // One picture with one name: its parts have none of their own.
    for (const part of drawn.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
    drawn.setAttribute('role', 'img');
    drawn.setAttribute('aria-label', label);
    frame.current?.replaceChildren(drawn);
  }, [width, label, options]);
  return <div class="chart" ref={frame} />;
}
