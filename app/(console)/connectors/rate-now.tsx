'use client';
// What a connector sends now beside what it may send at this hour.
import { useNow } from '../../_ui/now.ts';
import { rateText } from './limits-words.ts';
import type { Connector } from './types.ts';

export function RateNow({ connector }: { connector: Connector }) {
  return <span className="tabular">{useNow((now) => rateText(connector, new Date(now)))}</span>;
}
