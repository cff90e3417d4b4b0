'use client';
// The last runs of a job: what the source called changed and what was sent, and how long each took. Loaded when it is shown.
import BarChart from '@cloudscape-design/components/bar-chart';
import LineChart from '@cloudscape-design/components/line-chart';
import { formatBytes, formatDuration } from '../../_ui/quantity.ts';
import { exactTime } from '../../_ui/relative-time.ts';
import type { CopySeries, Point } from './copy-series.ts';

const HEIGHT = 200;

interface CopyChartsProps {
  series: CopySeries;
  serverName: string;
  /** The member's time zone; undefined is the browser's. */
  zone: string | undefined;
}

export function CopyCharts({ series, serverName, zone }: CopyChartsProps) {
  const { runs, bytes, duration } = series;
  const began = new Map(runs.map(({ id, at }) => [id, at]));
  const xDomain = runs.map(({ id }) => id);
  const tick = (id: string) => shortTime(began.get(id), zone);
  const asBytes = (value: number) => formatBytes(value * bytes.unit.factor);
  const asDuration = (value: number) => formatDuration(value * duration.unit.factor);
  const told = (points: readonly Point[], words: (value: number) => string) =>
    points.map(({ x, y }) => `${exactOf(began.get(x), zone)}: ${words(y)}`).join('; ');
  const shared = {
    xDomain,
    xScaleType: 'categorical',
    xTickFormatter: tick,
    height: HEIGHT,
    hideFilter: true,
  } as const;
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
      <BarChart<string>
        {...shared}
        series={[
          { type: 'bar', title: 'Changed', data: bytes.changed, valueFormatter: asBytes },
          { type: 'bar', title: 'Sent', data: bytes.sent, valueFormatter: asBytes },
        ]}
        yDomain={[0, bytes.highest || 1]}
        xTitle="Run"
        yTitle={`Changed and sent (${bytes.unit.label})`}
        ariaLabel={`Changed and sent bytes of the runs of ${serverName}`}
        ariaDescription={`Changed: ${told(bytes.changed, asBytes)}. Sent: ${told(bytes.sent, asBytes)}.`}
        i18nStrings={{ legendAriaLabel: 'Legend of changed and sent' }}
      />
      <LineChart<string>
        {...shared}
        series={[{ type: 'line', title: 'Duration', data: duration.points, valueFormatter: asDuration }]}
        yDomain={[0, duration.highest || 1]}
        xTitle="Run"
        yTitle={`Duration (${duration.unit.label})`}
        ariaLabel={`Duration of the runs of ${serverName}`}
        ariaDescription={`Duration: ${told(duration.points, asDuration)}.`}
        hideLegend
      />
    </div>
  );
}

function shortTime(at: Date | undefined, timeZone: string | undefined): string {
  if (!at) return '';
  const zone = timeZone ? { timeZone } : {};
  const day = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...zone });
  return `${day}\n${at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...zone })}`;
}

const exactOf = (at: Date | undefined, zone: string | undefined) => (at ? exactTime(at, zone) : '');
