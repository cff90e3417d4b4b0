'use client';

/** Where the shell itself could not be made: mostly the database does not answer. */
export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 text-center">
      <div className="max-w-lg">
        <h1 className="m-0 text-2xl font-semibold">The console cannot be shown</h1>
        <p>Usually its database does not answer. Everything under way continues; try again in a moment.</p>
        {error.digest && <p className="text-sm">Reference {error.digest}: the log of web tells more.</p>}
        <button
          type="button"
          onClick={reset}
          className="cursor-pointer rounded-lg border-0 bg-[#0b5c8a] px-4 py-2 text-base font-semibold text-white"
        >
          Try again
        </button>
      </div>
    </main>
  );
}
