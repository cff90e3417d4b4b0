// Pages of one thing, in server components: what does not exist becomes the 404 page.
import { notFound } from 'next/navigation';

/** The answer; "no such thing" ends the page with `notFound()`, any other trouble is left to the screen. */
export async function existing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'NOT_FOUND') notFound();
    return undefined;
  }
}
