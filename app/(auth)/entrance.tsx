// The frame of pages for who is not signed in: the product's name above one card.
import type { ReactNode } from 'react';

export function Entrance({ children }: { children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center bg-slate-50 px-4 py-10 dark:bg-[#0f141a]">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-3">
          <Mark />
          <div>
            <h1 className="m-0 text-2xl leading-7 font-semibold tracking-tight text-slate-900 dark:text-slate-50">
              Landfall
            </h1>
            <p className="m-0 text-sm text-slate-600 dark:text-slate-400">Moves servers to AWS, run by run.</p>
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}

function Mark() {
  return (
    <svg width="40" height="40" viewBox="0 0 40 40" aria-hidden="true">
      <rect width="40" height="40" rx="9" className="fill-[#0b3d5c] dark:fill-[#12507a]" />
      <path d="M7 26c4-3 7-3 11 0s8 3 15-1v6H7z" fill="#4cc2c4" />
      <path d="M13 21l7-12 7 12z" fill="#fff" />
    </svg>
  );
}
