'use client';
// How many runs a connector takes at once and how much it may send. Who may change it turns the card into a form.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { Can } from '../../../_shell/member.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatCount } from '../../../_ui/quantity.ts';
import type { Connector } from '../connector-words.ts';
import { hoursText, limitText } from '../limits-words.ts';
import { LimitsForm } from './limits-form.tsx';

export function LimitsCard({ connector }: { connector: Connector }) {
  const [editing, setEditing] = useState(false);
  const { bandwidth, maxRuns } = connector;
  const hours = bandwidth?.hours ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="How many runs go on at once, and how much is sent to AWS."
          actions={
            !editing &&
            !connector.disassociatedAt && (
              <Can permission="connector.edit">
                <Button ariaLabel="Edit limits" onClick={() => setEditing(true)}>
                  Edit
                </Button>
              </Can>
            )
          }
        >
          Limits
        </Header>
      }
    >
      {editing ? (
        <LimitsForm connector={connector} onDone={() => setEditing(false)} />
      ) : (
        <SpaceBetween size="m">
          <KeyValues
            items={[
              ['Runs at once', formatCount(maxRuns)],
              ['Bandwidth limit', limitText(bandwidth?.limit ?? null)],
              ['Time zone', hours.length > 0 && bandwidth?.timeZone],
            ]}
          />
          <KeyValues
            columns={1}
            items={[
              [
                'Hours with another limit',
                hours.length === 0 ? 'None' : hours.map((one) => <div key={hoursText(one)}>{hoursText(one)}</div>),
              ],
            ]}
          />
        </SpaceBetween>
      )}
    </Container>
  );
}
