'use client';
// A fault as a person reads it: what happened, what to do, since when, how often; the raw text one click away.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { formatNumberOf } from './quantity.ts';
import { Time } from './time.tsx';

/** The part of a fault that is shown; `Fault` of replication/model fits. */
export interface FaultText {
  code?: string;
  message: string;
  remedy: string;
  cause?: string | undefined;
}

interface FaultCardProps {
  fault: FaultText;
  /** A warning where work continues by itself; otherwise an error. */
  tone?: 'error' | 'warning';
  since?: Date | string | null;
  /** How often it has happened, or to how many things (`{ count: 41, noun: 'job' }`). */
  affected?: { count: number; noun: string };
  /** The button that does what the remedy says. */
  action?: ReactNode;
  /** What it concerns, by name. */
  children?: ReactNode;
}

export function FaultCard({ fault, tone = 'error', since, affected, action, children }: FaultCardProps) {
  return (
    <Alert
      type={tone}
      header={fault.message}
      action={action}
      statusIconAriaLabel={tone === 'error' ? 'Error' : 'Warning'}
    >
      <SpaceBetween size="xs">
        <div>{fault.remedy}</div>
        {children && <div>{children}</div>}
        {(since || affected) && (
          <Box variant="small">
            {since && (
              <>
                Since <Time at={since} />
              </>
            )}
            {since && affected && ' · '}
            {affected && formatNumberOf(affected.count, affected.noun)}
          </Box>
        )}
        {fault.cause && <CauseDetails cause={fault.cause} code={fault.code} />}
      </SpaceBetween>
    </Alert>
  );
}

/** The platform's own words, folded away. */
export function CauseDetails({ cause, code }: { cause: string; code?: string | undefined }) {
  return (
    <ExpandableSection headerText="Raw text" variant="inline">
      {code && <Box variant="small">Code {code}</Box>}
      <section
        aria-label="Raw text"
        className="max-h-60 overflow-auto font-mono text-xs break-words whitespace-pre-wrap"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        tabIndex={0}
      >
        {cause}
      </section>
    </ExpandableSection>
  );
}
