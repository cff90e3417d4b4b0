// The evidence as a document: plain headings, lists and tables. Times are UTC, so that it reads the same everywhere.
import type { ReactNode } from 'react';
import { type CutoverStepId, cutoverStep } from '../../../../../replication/model/cutover.ts';
import { formatBytes, formatCount, formatDuration, UNKNOWN } from '../../../../_ui/quantity.ts';
import { exactTime } from '../../../../_ui/relative-time.ts';
import { statusOf } from '../../../../_ui/status-kinds.ts';
import type { Evidence } from '../../../../(console)/cutovers/types.ts';

const at = (time: string | null | undefined) => (time ? exactTime(new Date(time), 'UTC') : UNKNOWN);
const seconds = (value: number | null) => formatDuration(value === null ? null : value * 1000);
const label = (step: string | null) => (step ? cutoverStep(step as CutoverStepId).label : UNKNOWN);

export function EvidenceSheet({ evidence }: { evidence: Evidence }) {
  const { cutover, downtime, source, run, instance } = evidence;
  const { options } = cutover;
  return (
    <article className="evidence">
      <h1>Evidence of the cutover of {cutover.server}</h1>
      <p>
        {cutover.id} · {statusOf('cutover', cutover.state).label} · written {at(evidence.writtenAt)}
      </p>
      <Facts
        items={[
          ['Planned', `${at(cutover.plannedAt)}, ${cutover.plannedBy}`],
          ['Started', cutover.startedAt ? `${at(cutover.startedAt)}, ${cutover.startedBy}` : UNKNOWN],
          ['Ended', at(cutover.endedAt)],
          ['Downtime', seconds(downtime.seconds)],
          ['Downtime began', at(downtime.startedAt)],
          ['Downtime ended', at(downtime.endedAt)],
          ['Rehearsed launch', seconds(downtime.rehearsedLaunchSeconds)],
          ['Source', options.touchSource ? `Shut down, within ${options.shutdownMinutes} min` : 'Not touched'],
          ['VM', source ? `${source.vmId}, ${source.path}, on ${source.host}` : UNKNOWN],
          ['UUID of the VM', source?.uuid],
          ['Power at the final snapshot', source?.powerAtSnapshot],
          ['Final run', run?.id],
          ['Final snapshot', at(run?.snapshotTakenAt)],
          ['AMI', run?.image],
          [
            'Read back',
            run?.verified
              ? `${formatCount(run.verified.checked)} of ${formatCount(run.verified.blocks)} blocks, all matching`
              : UNKNOWN,
          ],
          ['Instance', instance ? `${instance.instanceId ?? instance.id}, ${instance.state}` : UNKNOWN],
          ['Address', instance?.publicAddress ?? instance?.privateAddress],
        ]}
      />
      <Sheet
        title="Decisions"
        head={['Time', 'Who', 'Step', 'Decision']}
        rows={evidence.decisions.map((line) => [at(line.at), line.who ?? 'Landfall', label(line.step), line.text])}
      />
      <Sheet
        title="Steps"
        head={['Step', 'Began', 'Ended', 'Outcome', 'Who']}
        rows={Object.entries(evidence.steps)
          .sort(([, a], [, b]) => a.startedAt.localeCompare(b.startedAt))
          .map(([id, step]) => [label(id), at(step.startedAt), at(step.endedAt), step.outcome ?? UNKNOWN, step.by])}
      />
      <Checks title="Checks before the cutover" checks={evidence.checksBefore} />
      <Checks title="Checks of the instance" checks={evidence.checksOfInstance} />
      <Sheet
        title="Disks"
        head={['Disk', 'Size', 'Copied', 'SHA-256 root', 'EBS snapshot', 'Read back']}
        rows={evidence.disks.map((disk) => [
          disk.label ?? disk.id,
          formatBytes(disk.capacityBytes),
          disk.mode,
          <span key="digest" className="break-all font-mono">
            {disk.rootDigest}
          </span>,
          disk.ebsSnapshot,
          disk.verified ? `${formatCount(disk.verified.checked)} of ${formatCount(disk.verified.blocks)}` : UNKNOWN,
        ])}
      />
      <Sheet
        title="Log"
        head={['Time', 'Level', 'Step', 'Who', 'Text']}
        rows={evidence.log.map((line) => [at(line.at), line.level, label(line.step), line.who, line.text])}
      />
      {evidence.consoleOutput && (
        <section>
          <h2>End of the console output</h2>
          <pre>{evidence.consoleOutput}</pre>
        </section>
      )}
    </article>
  );
}

function Facts({ items }: { items: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value || UNKNOWN}</dd>
        </div>
      ))}
    </dl>
  );
}

function Checks({ title, checks }: { title: string; checks: Evidence['checksBefore'] }) {
  return (
    <Sheet
      title={title}
      head={['Check', 'State', 'What was found']}
      rows={checks.map((check) => [check.label, statusOf('cutover-check', check.state).label, check.text])}
    />
  );
}

interface SheetProps {
  title: string;
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
}

function Sheet({ title, head, rows }: SheetProps) {
  return (
    <section>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p>None.</p>
      ) : (
        // On a narrow screen the table scrolls within itself.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        <section aria-label={title} className="overflow-x-auto print:overflow-visible" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines of a document have no other name
                <tr key={line}>
                  {row.map((cell, column) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    <td key={column}>{cell || UNKNOWN}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
