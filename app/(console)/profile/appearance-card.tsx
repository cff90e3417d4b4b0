'use client';
// Theme and time zone. Both are saved as soon as they are chosen.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { ChoiceField } from '../../_forms/choice-field.tsx';
import { TimeZoneField } from '../../_forms/time-zone-field.tsx';
import { useTheme } from '../../_shell/chosen-theme.ts';
import { PREFERENCES, useMember } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { THEME_LABELS, THEMES, type Theme } from '../../theme.ts';
import { useRefreshMe } from './refresh-me.ts';

const CHOICES = THEMES.map((value) => ({ value, label: THEME_LABELS[value] }));

export function AppearanceCard({ theme: initial }: { theme: Theme }) {
  const trpc = useTRPC();
  const me = useMember();
  const refreshMe = useRefreshMe();
  const { notify } = useNotifications();
  const [theme, chooseTheme] = useTheme(initial);
  const remember = useMutation(
    trpc.session.setPreferences.mutationOptions({
      scope: PREFERENCES,
      meta: { repeatable: true },
      onSuccess: async () => {
        await refreshMe();
        notify({ id: 'time-zone', type: 'success', header: 'Time zone saved' });
      },
    }),
  );
  return (
    <Container
      header={
        <Header variant="h2" description="Saved as soon as you choose.">
          Appearance
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ChoiceField label="Theme" choices={CHOICES} value={theme} onChange={chooseTheme} />
        <div className="max-w-md">
          <TimeZoneField
            description="Of the times that you read and choose."
            none="As this browser says"
            value={(me.preferences.timeZone as string | undefined) ?? null}
            onChange={(timeZone) => remember.mutate({ timeZone })}
          />
        </div>
      </SpaceBetween>
    </Container>
  );
}
