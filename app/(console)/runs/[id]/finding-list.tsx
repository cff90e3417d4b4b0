'use client';
// What the check before the run found: what, why it matters, what to do.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { Status } from '../../../_ui/status.tsx';
import type { Run } from '../types.ts';

export function FindingList({ findings }: { findings: Run['findings'] }) {
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${findings.length})`}>
          Findings
        </Header>
      }
    >
      <SpaceBetween size="m">
        {findings.map((finding) => (
          <div key={finding.code}>
            <Status of="finding" state={finding.level} detail={finding.title} />
            <Box color="text-body-secondary">
              {finding.why} {finding.remedy}
            </Box>
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
