import { inConsole } from './sub-path.ts';
export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center px-4 text-center">
      <div>
        <h1 className="m-0 text-2xl font-semibold">There is nothing here</h1>
        <p>
          <a href={inConsole('/overview')} className="text-sky-800 dark:text-sky-300">
            Go to Overview
          </a>
        </p>
      </div>
    </main>
  );
}
