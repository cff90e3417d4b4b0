// An address that no page has: the problem is shown inside the shell, with the navigation at hand.
import { notFound } from 'next/navigation';

export default function MissingPage() {
  notFound();
}
