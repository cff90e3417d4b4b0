// The cache of the server's answers, and the handling of errors that no screen handles.
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import superjson from 'superjson';
import { isUnanswered, mayPass, type ShownFault, shownFault } from './faults.ts';

declare module '@tanstack/react-query' {
  interface Register {
    mutationMeta: {
      /** The screen shows the error itself, so no flash. */
      inline?: boolean;
      /** It leads to another page: after it went well no further call is made. */
      once?: boolean;
      /** Asked twice it is done once: a call without an answer is made again. */
      repeatable?: boolean;
    };
    /** `live: false` on a query: events do not refetch it (a wizard's options must not change while somebody chooses). */
    queryMeta: { live?: boolean };
  }
}

/** A restart of the console is no error: the shell reports it, and pages wait for two minutes. */
const UNANSWERED = 20;
const FAILED = 4;

export interface ErrorHandlers {
  onMutationFault(fault: ShownFault): void;
  onSignedOut(): void;
  /** The session has another workspace open than the page. */
  onElsewhere(): void;
}

export function newQueryClient(handlers?: ErrorHandlers): QueryClient {
  const signedOut = (error: unknown) => {
    const { code } = shownFault(error);
    if (code === 'workspace-changed') handlers?.onElsewhere();
    // Led by the sign-in page to where the second step is set up.
    if (!['not-signed-in', 'second-step-missing'].includes(code)) return false;
    handlers?.onSignedOut();
    return true;
  };
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < (isUnanswered(error) ? UNANSWERED : FAILED) && mayPass(error),
        retryDelay: (attempt) => Math.min(8000, 500 * 2 ** attempt),
      },
      // A mutation is sent whatever the browser thinks of the network, and again only where it says so (mutation.ts).
      mutations: { retry: false, networkMode: 'always' },
      dehydrate: { serializeData: superjson.serialize },
      hydrate: { deserializeData: superjson.deserialize },
    },
    queryCache: new QueryCache({ onError: signedOut }),
    mutationCache: new MutationCache({
      onError(error, _variables, _result, mutation) {
        if (!signedOut(error) && !mutation.meta?.inline) handlers?.onMutationFault(shownFault(error));
      },
    }),
  });
}
