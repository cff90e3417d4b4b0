'use client';
// Everything that was decided, seen and said, oldest first, and a field to say more.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { fieldMessages, shownFault } from '../../../_shell/faults.ts';
import { Can } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { LogLines } from '../log-lines.tsx';
import type { Cutover } from '../types.ts';

export function Comments({ cutover }: { cutover: Cutover }) {
  const box = useRef<HTMLDivElement>(null);
  const last = cutover.log.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when a line was added
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [last]);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Decisions, what was seen, and what people say. All of it stays in the evidence."
        >
          Log and comments
        </Header>
      }
    >
      <SpaceBetween size="m">
        <section
          ref={box}
          aria-label="Log and comments"
          className="max-h-96 overflow-auto"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
          tabIndex={0}
        >
          <LogLines lines={cutover.log} label="Lines of the log" />
        </section>
        <Can permission="cutover.comment">
          <AddComment cutoverId={cutover.id} />
        </Can>
      </SpaceBetween>
    </Container>
  );
}

function AddComment({ cutoverId }: { cutoverId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [text, setText] = useState('');
  const comment = useMutation(
    trpc.cutovers.comment.mutationOptions({
      meta: { inline: true },
      async onSuccess() {
        setText('');
        await queryClient.invalidateQueries({ queryKey: trpc.cutovers.get.queryKey({ cutoverId }) });
      },
    }),
  );
  const problem = comment.error ? fieldMessages(comment.error).text : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() && !comment.isPending) comment.mutate({ cutoverId, text });
      }}
    >
      <SpaceBetween size="s">
        {comment.error && !problem && <FaultCard fault={shownFault(comment.error)} />}
        <FormField label="Comment" errorText={problem} stretch>
          <Textarea rows={2} value={text} onChange={({ detail }) => setText(detail.value)} />
        </FormField>
        <Button loading={comment.isPending} disabled={!text.trim()} disabledReason="Write something first.">
          Add comment
        </Button>
      </SpaceBetween>
    </form>
  );
}
