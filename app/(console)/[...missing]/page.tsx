// An address that no page has: the problem is shown inside the shell, with its navigation.
import { notFound } from 'next/navigation';

export default function MissingPage() {
  notFound();
}
